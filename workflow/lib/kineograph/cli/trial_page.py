"""Write the page of a trial: verdicts, and a player of cameras, skeletons and joint angles. One file, readable offline."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from kineograph.cli._common_arguments import json_argument, skeleton_card
from kineograph.cli._observations import add_observations, read_filmed_observations
from kineograph.errors import KineographError
from kineograph.io.atomic import write_text
from kineograph.io.npz import read_npz
from kineograph.io.reports import read_json, read_report
from kineograph.model.body_poses import BodyPoses
from kineograph.model.coordinates import Coordinates
from kineograph.model.marker_errors import MarkerErrors
from kineograph.model.player_pictures import PlayerPictures
from kineograph.model.points import Points3D
from kineograph.pages.trial_data import CameraView, Solved, trial_data
from kineograph.stages.quality import SHOWN_CONFIDENCE
from kineograph.stages.verdict import ranked_reasons

SCRIPTS = ("data.js", "clock.js", "drawing.js", "cameras.js", "space.js", "bones.js", "charts.js", "page.js")
FIRST_POINTS = 6
"""Reasons at the top of the page; all of them are in the table of the stages."""
HEAT_PX = (5, 10, 15, 20, 30)
"""Residuals above these have a stronger colour each."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    for name in ("verdict", "triangulation", "quality"):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="FILE", help=f"{name}.json")
    add_observations(parser)
    for name in ("points", "pictures"):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="FILE")
    parser.add_argument("--participants", type=json_argument, required=True, metavar="JSON")
    for name in ("kinematics", "coordinates", "bodies", "marker-errors", "models"):
        parser.add_argument(f"--{name}", type=Path, nargs="*", default=[], metavar="FILE", help="of each participant")
    parser.add_argument("--bones", type=Path, required=True, metavar="FILE", help="shapes of bones (.json)")
    parser.add_argument("--cameras", type=json_argument, required=True, metavar="JSON", help="their names")
    parser.add_argument("--videos", type=Path, nargs="*", default=[], metavar="FILE", help="videos with overlays")
    parser.add_argument(
        "--files", type=json_argument, required=True, metavar="JSON", help="participant -> result files to name"
    )
    parser.add_argument("--dataset-page", type=Path, required=True, metavar="FILE", help="the page to link to")
    parser.add_argument("--thumbnail", type=Path, required=True, metavar="FILE", help="a small picture (.svg)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the page (.html)")


def run(args: argparse.Namespace) -> None:
    """Gather what there is and fill the template."""
    from kineograph.pages.render import joined, write_page
    from kineograph.pages.thumbnail import thumbnail

    verdict = read_json(args.verdict)
    points, pictures = read_npz(args.points, Points3D), read_npz(args.pictures, PlayerPictures)
    skeleton = skeleton_card(points.skeleton) if points.n_frames and points.skeleton else None
    views = _views(args, points)
    data = trial_data(points, skeleton, views, _solved(args), pictures, read_json(args.bones))
    write_text(args.thumbnail, thumbnail(points, skeleton, views, pictures))
    write_page(
        args.out,
        "trial/page.html",
        session=verdict["session"],
        trial=verdict["trial"],
        verdict=verdict,
        first=ranked_reasons(verdict["stages"])[:FIRST_POINTS],
        participants=args.participants,
        cameras=args.cameras,
        calibration=_health(args),
        facts=_facts(args),
        residuals=_residuals(args.quality),
        videos=[path.name for path in args.videos],
        files=args.files,
        data=data,
        page_style=joined("trial", ["page.css"]),
        script=joined("trial", SCRIPTS),
    )


def _health(args: argparse.Namespace) -> dict[str, str]:
    """Where the dataset's page tells of the calibration's health: a link, so that this page waits for no other trial."""
    session, name = args.calibration.parents[2].name, args.calibration.parent.name
    page = os.path.relpath(args.dataset_page, args.out.parent)
    return {"name": f"{session} / {name}", "link": f"{quote(page)}#calibration-{quote(session)}-{quote(name)}"}


def _views(args: argparse.Namespace, points: Points3D) -> list[CameraView]:
    """What the cameras saw; none where the trial could not be read."""
    try:
        seen, rig, _ = read_filmed_observations(args)
    except KineographError:
        return []
    detected = np.where(seen.confidence[..., None] >= SHOWN_CONFIDENCE, seen.position_px, np.nan)
    if detected.shape[:3] != points.origin.shape:
        detected = np.full((*points.origin.shape, len(seen.cameras), 2), np.nan)
    sizes = [(int(width), int(height)) for width, height in seen.size_px]
    return [
        CameraView(name, size if size[0] else camera.size_px, camera, detected[..., index, :])
        for index, (name, size, camera) in enumerate(zip(seen.cameras, sizes, rig.cameras, strict=True))
    ]


def _solved(args: argparse.Namespace) -> dict[str, Solved]:
    from kineograph.opensim.setup_files import read_body_shapes, read_coordinate_ranges

    files = zip(args.participants, args.coordinates, args.bodies, args.marker_errors, args.models, strict=True)
    return {
        name: Solved(
            read_npz(coordinates, Coordinates),
            read_npz(bodies, BodyPoses),
            read_npz(errors, MarkerErrors),
            read_coordinate_ranges(model),
            read_body_shapes(model),
        )
        for name, coordinates, bodies, errors, model in files
    }


def _residuals(path: Path) -> dict[str, Any]:
    """Per participant, each keypoint's median residual in each camera, px, and how strong its colour is."""
    found: dict[str, Any] = read_report(path).came_out.get("median_px", {})
    people = {}
    for person, by_camera in found.items():
        names = list(next(iter(by_camera.values()), {}))
        rows = [(name, [_heat(table.get(name)) for table in by_camera.values()]) for name in names]
        people[person] = {"cameras": list(by_camera), "rows": rows}
    return people


def _heat(value: float | None) -> tuple[str, int]:
    return ("", -1) if value is None else (f"{value:.0f}", sum(value > limit for limit in HEAT_PX))


def _facts(args: argparse.Namespace) -> list[tuple[str, str]]:
    """The figures at the top of the page."""
    report = read_report(args.triangulation)
    out: dict[str, Any] = report.came_out
    facts = [("Frames", str(report.came_in.get("frames", 0)))]
    if out.get("reprojection_error_px"):
        facts += [
            ("Mean reprojection error", f"{out['reprojection_error_px']['mean']:.1f} px"),
            ("Cameras used on average", f"{out['cameras_used_mean']:.1f}"),
            ("Points filled", str(out["points_interpolated"])),
            ("Points missing", str(out["points_missing"])),
        ]
    for name, path in zip(args.participants, args.kinematics, strict=True):
        solved = read_report(path).came_out
        if "marker_error_mm" in solved:
            facts.append((f"Marker error (root mean square), {name}", f"{solved['marker_error_mm']['mean']:.0f} mm"))
        if "largest_marker_error" in solved:
            worst = solved["largest_marker_error"]
            text = f"{worst['mm']:.0f} mm, {worst['marker']} in frame {worst['frame']}"
            facts.append((f"Largest marker error, {name}", text))
    return facts
