"""Draw what a camera's calibration rests on: corners found, known points, and where they project."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from kineograph.calibration_formats import toml
from kineograph.cli import _known_points
from kineograph.cli._common_arguments import add_settings
from kineograph.dataset.pictures import PURPOSES, find_pictures
from kineograph.errors import InputError, KineographError
from kineograph.geometry.projection import project
from kineograph.io.npz import read_npz
from kineograph.io.reports import read_report
from kineograph.model.board import BoardViews
from kineograph.model.camera import Camera
from kineograph.model.scene import ScenePoints
from kineograph.pose import overlay
from kineograph.pose.images import Image
from kineograph.settings.text import from_json
from kineograph.stages.extrinsics import ExtrinsicsSettings

SCALE_HEIGHT_PX = 1080
"""Lines and letters have their nominal size in a picture of this height."""
NO_SIZE = (640, 360)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--source", type=Path, required=True, metavar="PATH", help="the calibration's folder, or a file in it"
    )
    parser.add_argument("--camera", required=True)
    for name in ("calibration", "report"):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="FILE")
    parser.add_argument("--lens-views", type=Path, metavar="FILE", help="the board in the intrinsics pictures (.npz)")
    parser.add_argument("--views", type=Path, metavar="FILE", help="the board in the extrinsics pictures (.npz)")
    add_settings(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the picture (.jpg)")


def run(args: argparse.Namespace) -> None:
    """Draw the views of the lens and the known points, side by side."""
    settings = from_json(ExtrinsicsSettings, args.settings)
    rig = toml.read(args.calibration)
    camera = rig[args.camera] if args.camera in rig.names else None
    figures = read_report(args.report).came_out
    tiles = []
    if args.lens_views:
        views = read_npz(args.lens_views, BoardViews)
        tiles.append(_lens_tile(views, figures.get("intrinsics", {}).get(args.camera)))
    tiles.append(_points_tile(args, settings, camera, figures))
    overlay.write_strip(args.out, tiles)


def _lens_tile(views: BoardViews, figures: dict[str, Any] | None) -> Image:
    """All corners that the lens was computed from, and those left out."""
    from kineograph.boards.drawing import draw_views

    image = overlay.empty_picture(views.size_px if views.size_px[0] else NO_SIZE)
    scale = image.shape[0] / SCALE_HEIGHT_PX
    left_out = figures["left_out_px"] if figures else {}
    for name, corners in zip(views.pictures, views.corner_px, strict=True):
        draw_views(image, corners, left_out=name in left_out, scale=scale)
    text = f"lens: {figures['views']} views, {figures['rms_px']:.2f} px" if figures else "no lens"
    overlay.label(image, text, scale)
    return image


def _points_tile(
    args: argparse.Namespace, settings: ExtrinsicsSettings, camera: Camera | None, figures: dict[str, Any]
) -> Image:
    """The extrinsics picture with the known points and their reprojections."""
    from kineograph.boards.drawing import draw_points

    image = _picture(args, camera)
    scale = image.shape[0] / SCALE_HEIGHT_PX
    text = f"{args.camera}: not calibrated"
    points = _points(args, settings)
    if camera is not None and points is not None and points.names:
        left_out = figures["points_left_out"].get(camera.name, [])
        named = settings.method == _known_points.SCENE_POINTS
        reprojected = project(camera, points.position_m)
        draw_points(image, points.image_px, reprojected, points.names, left_out, named=named, scale=scale)
        text = (
            f"{camera.name}: {len(points.names) - len(left_out)} points, {figures['point_rms_px'][camera.name]:.2f} px"
        )
    overlay.label(image, text, scale)
    return image


def _points(args: argparse.Namespace, settings: ExtrinsicsSettings) -> ScenePoints | None:
    """The points that the camera was placed by; None where they can't be read: the calibration's report says why."""
    try:
        if settings.method == _known_points.SCENE_POINTS:
            return _known_points.scene(args.source, (args.camera,))[args.camera]
        found = _known_points.board(args.views, settings)
        return found[0] if found else None
    except KineographError:
        return None


def _picture(args: argparse.Namespace, camera: Camera | None) -> Image:
    """The camera's first extrinsics picture, or a dark one where there is none."""
    from kineograph.boards.pictures import pictures

    try:
        _, image = next(pictures(find_pictures(args.source, PURPOSES[1], args.camera), 1.0))
    except InputError:
        return overlay.empty_picture(camera.size_px if camera else NO_SIZE)
    return image.copy()
