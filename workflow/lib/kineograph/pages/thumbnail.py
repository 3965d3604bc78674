"""A small picture of a trial for tables: what one camera saw in the middle of it, and the skeletons that were found."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

import numpy as np

from kineograph.geometry.projection import project
from kineograph.model.player_pictures import PlayerPictures
from kineograph.model.points import Points3D
from kineograph.model.shapes import FloatArray
from kineograph.model.skeleton import Skeleton
from kineograph.pages.packing import text
from kineograph.pages.trial_data import CameraView

WIDTH_PX, HEIGHT_PX = 128, 96
MARGIN = 1.35
"""The field is so much larger than the people."""
COLOURS = {"right": "#e69f00", "left": "#56b4e9", "middle": "#f0e442"}
"""Orange, sky blue and yellow of Okabe and Ito's palette, as in the overlays."""


def thumbnail(
    points: Points3D, skeleton: Skeleton | None, views: Sequence[CameraView], pictures: PlayerPictures
) -> str:
    """An SVG file: the people in the picture of the first camera that has one, else on a dark field."""
    files = {view.name: pictures.of_camera(view.name) for view in views if view.name in pictures.cameras}
    view = next((item for item in views if any(files.get(item.name, []))), None)
    view = view or next((item for item in views if item.camera is not None), None)
    if view is None:
        return _svg((0.0, 0.0, WIDTH_PX, HEIGHT_PX), [])
    moments = [index for index, file in enumerate(files.get(view.name, [])) if file]
    chosen = moments[len(moments) // 2] if moments else None
    frame = points.n_frames // 2 if chosen is None else int(pictures.moment[chosen])
    place = np.full((0, len(points.names), 2), np.nan)
    if view.camera is not None and frame < points.n_frames:
        place = project(view.camera, points.position_m[frame])
    field = _field(place, view.size_px)
    parts = []
    if chosen is not None:
        source = quoteattr(f"data:image/jpeg;base64,{text(files[view.name][chosen])}")
        size = f'width="{view.size_px[0]}" height="{view.size_px[1]}"'
        parts.append(f'<image href={source} {size} preserveAspectRatio="none"/>')
    if skeleton is not None:
        for person in place:
            parts += _lines(person, points.names, skeleton, field[3] / HEIGHT_PX)
    return _svg(field, parts)


def _field(place_px: FloatArray, size_px: tuple[int, int]) -> tuple[float, float, float, float]:
    """Left, top, width and height of the part of the picture around the people (P, K, 2); all of it where there are none."""
    known = place_px[np.isfinite(place_px).all(axis=-1)]
    inside = known[((known >= 0) & (known < np.array(size_px))).all(axis=-1)]
    low, high = (inside.min(axis=0), inside.max(axis=0)) if len(inside) else (np.zeros(2), np.array(size_px, float))
    width, height = MARGIN * np.maximum(high - low, 1) if len(inside) else high
    height = max(height, width * HEIGHT_PX / WIDTH_PX)
    width = height * WIDTH_PX / HEIGHT_PX
    left, top = (low + high) / 2 - np.array([width, height]) / 2
    return float(left), float(top), float(width), float(height)


def _svg(field: tuple[float, float, float, float], parts: Sequence[str]) -> str:
    left, top, width, height = (f"{value:.1f}" for value in field)
    size = f'viewBox="{left} {top} {width} {height}" width="{WIDTH_PX}" height="{HEIGHT_PX}"'
    dark = f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="#282828"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{dark}{"".join(parts)}</svg>\n'


def _lines(place_px: FloatArray, names: Sequence[str], skeleton: Skeleton, thick: float) -> list[str]:
    """The bones of a person as lines; `thick` pixels of the picture are one of the thumbnail."""
    lines = []
    for first, second in skeleton.bones:
        if first in names and second in names:
            ends = place_px[[names.index(first), names.index(second)]]
            if np.isfinite(ends).all():
                sides = {skeleton.side(first), skeleton.side(second)}
                colour = COLOURS[sides.pop() if len(sides) == 1 else "middle"]
                (x0, y0), (x1, y1) = ends.tolist()
                place = f'x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}"'
                lines.append(f'<line {place} stroke="{colour}" stroke-width="{2 * thick:.1f}"/>')
    return lines
