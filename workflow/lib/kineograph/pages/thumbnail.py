"""A small picture of a trial for tables: what one camera saw in the middle of it, and the skeleton that was found."""

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

HEIGHT_PX = 96
COLOURS = {"right": "#e69f00", "left": "#56b4e9", "middle": "#f0e442"}
"""Orange, sky blue and yellow of Okabe and Ito's palette, as in the overlays."""


def thumbnail(
    points: Points3D, skeleton: Skeleton | None, views: Sequence[CameraView], pictures: PlayerPictures
) -> str:
    """An SVG file: the picture of the first camera that has one, else a dark field, and the projected skeleton."""
    view = next((item for item in views if item.name in pictures.cameras and any(pictures.of_camera(item.name))), None)
    view = view or next((item for item in views if item.camera is not None), None)
    width, height = view.size_px if view is not None and min(view.size_px) > 0 else (4, 3)
    lines = []
    if view is not None:
        files = pictures.of_camera(view.name) if view.name in pictures.cameras else []
        moments = [index for index, file in enumerate(files) if file]
        moment = int(pictures.moment[moments[len(moments) // 2]]) if moments else points.n_frames // 2
        if moments:
            source = quoteattr(f"data:image/jpeg;base64,{text(files[moments[len(moments) // 2]])}")
            lines.append(f'<image href={source} width="{width}" height="{height}" preserveAspectRatio="none"/>')
        if view.camera is not None and skeleton is not None and moment < points.n_frames:
            for person in points.position_m[moment]:
                lines += _skeleton(project(view.camera, person), points.names, skeleton, height / HEIGHT_PX)
    size = f'viewBox="0 0 {width} {height}" width="{round(HEIGHT_PX * width / height)}" height="{HEIGHT_PX}"'
    dark = f'<rect width="{width}" height="{height}" fill="#282828"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{dark}{"".join(lines)}</svg>\n'


def _skeleton(place_px: FloatArray, names: Sequence[str], skeleton: Skeleton, thick: float) -> list[str]:
    """The bones of a person as lines; `thick` picture pixels are one of the thumbnail."""
    lines = []
    for first, second in skeleton.bones:
        if first in names and second in names:
            ends = np.round(place_px[[names.index(first), names.index(second)]], 1)
            if np.isfinite(ends).all():
                sides = {skeleton.side(first), skeleton.side(second)}
                colour = COLOURS[sides.pop() if len(sides) == 1 else "middle"]
                (x0, y0), (x1, y1) = ends.tolist()
                place = f'x1="{x0}" y1="{y0}" x2="{x1}" y2="{y1}"'
                lines.append(f'<line {place} stroke="{colour}" stroke-width="{1.5 * thick:.1f}"/>')
    return lines
