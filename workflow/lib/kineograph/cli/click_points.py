"""Write a page on which the points of a scene are clicked in the cameras' pictures; it needs neither server nor network."""

from __future__ import annotations

import argparse
import base64
from pathlib import Path
from typing import Any

from kineograph.boards.pictures import pictures
from kineograph.dataset.pictures import (
    IMAGE_POINTS,
    OBJECT_POINTS,
    PURPOSES,
    base_folder,
    find_point_files,
    pictured_cameras,
    point_tables,
)
from kineograph.errors import InputError
from kineograph.io.scene_points import read_object_points, read_scene_points
from kineograph.pages.render import HERE, write_page
from kineograph.pose.overlay import jpeg

JPEG_QUALITY = 95


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--source", type=Path, required=True, metavar="FOLDER", help="the calibration's folder, with extrinsics/ in it"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the page (.html)")


def run(args: argparse.Namespace) -> None:
    """Gather the pictures, the points, and what was clicked before."""
    source = args.source.parent if args.source.name == PURPOSES[1] else args.source
    found = pictured_cameras(source, PURPOSES[1])
    if not found:
        raise InputError(
            f"there are no pictures in {base_folder(source) / PURPOSES[1]}",
            expected="a picture of each camera, such as cam01.png",
            found="none",
            hint="put them there (config/README.md says how pictures are laid out)",
        )
    objects = point_tables(source, OBJECT_POINTS)
    if len(objects) != 1:
        find_point_files(source)  # says what is wrong
    places = read_object_points(objects[0])
    clicks: dict[str, dict[str, list[float]]] = {}
    if point_tables(source, IMAGE_POINTS):
        before = read_scene_points(*find_point_files(source), tuple(found))
        clicks = {name: dict(zip(item.names, item.image_px.tolist(), strict=True)) for name, item in before.items()}
    write_page(
        args.out,
        "click_points/page.html",
        title=str(base_folder(source)),
        data={
            "title": str(base_folder(source)),
            "cameras": [_camera(name, path) for name, path in found.items()],
            "points": [{"name": name, "position_m": list(place)} for name, place in places.items()],
            "clicks": clicks,
        },
        script=(HERE / "click_points" / "page.js").read_text("utf-8"),
    )
    print(f"open {args.out} in a browser")


def _camera(name: str, source: Path) -> dict[str, Any]:
    """A camera's first picture, as part of the page."""
    _, image = next(pictures(source, 1.0))
    picture = f"data:image/jpeg;base64,{base64.b64encode(jpeg(image, JPEG_QUALITY)).decode()}"
    return {"name": name, "width": image.shape[1], "height": image.shape[0], "picture": picture}
