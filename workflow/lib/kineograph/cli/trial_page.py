"""Write the page of a trial: verdicts, overlays, residuals, trajectories, joint angles. One file, readable offline."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from kineograph.cli._common_arguments import json_argument
from kineograph.io.reports import read_json, read_report


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--verdict", type=Path, required=True, metavar="FILE")
    parser.add_argument("--triangulation", type=Path, required=True, metavar="FILE", help="triangulation.json")
    parser.add_argument("--kinematics", type=Path, nargs="*", default=[], metavar="FILE", help="the kinematics reports")
    parser.add_argument("--overlays", type=Path, required=True, metavar="FOLDER", help="a picture a camera")
    parser.add_argument("--videos", type=Path, nargs="*", default=[], metavar="FILE", help="videos with overlays")
    parser.add_argument("--cameras", type=json_argument, required=True, metavar="JSON", help="names")
    parser.add_argument("--plots", type=Path, required=True, metavar="FOLDER", help="what plot-trial drew")
    parser.add_argument("--participants", type=json_argument, required=True, metavar="JSON")
    parser.add_argument(
        "--files", type=json_argument, required=True, metavar="JSON", help="participant -> result files to name"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")


def run(args: argparse.Namespace) -> None:
    """Fill the template."""
    from kineograph.pages.render import inline_picture, write_page

    verdict = read_json(args.verdict)
    people = [
        {
            "name": name,
            "trajectories": inline_picture(args.plots / f"trajectories_{name}.svg"),
            "angles": inline_picture(args.plots / f"angles_{name}.svg"),
            "marker_errors": inline_picture(args.plots / f"marker_errors_{name}.svg"),
            "files": args.files[name],
        }
        for name in args.participants
    ]
    write_page(
        args.out,
        "trial.html",
        session=verdict["session"],
        trial=verdict["trial"],
        verdict=verdict,
        participants=args.participants,
        cameras=args.cameras,
        facts=_facts(args),
        overlays=[(camera, inline_picture(args.overlays / f"{camera}.jpg")) for camera in args.cameras],
        videos=[path.name for path in args.videos],
        residuals=inline_picture(args.plots / "residuals.svg"),
        people=people,
    )


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
            facts.append((f"Mean marker error, {name}", f"{solved['marker_error_mm']['mean']:.0f} mm"))
        if "largest_marker_error" in solved:
            worst = solved["largest_marker_error"]
            text = f"{worst['mm']:.0f} mm, {worst['marker']} in frame {worst['frame']}"
            facts.append((f"Largest marker error, {name}", text))
    return facts
