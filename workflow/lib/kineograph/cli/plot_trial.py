"""Plot a trial's residuals, and each participant's points, joint angles and marker errors over time."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.cli._common_arguments import json_argument, skeleton_card
from kineograph.io.npz import read_npz
from kineograph.io.reports import read_report
from kineograph.model.coordinates import Coordinates
from kineograph.model.marker_errors import MarkerErrors
from kineograph.model.points import Points3D


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--quality", type=Path, required=True, metavar="FILE")
    parser.add_argument("--raw", type=Path, required=True, metavar="FILE", help="the points before filtering")
    parser.add_argument("--filtered", type=Path, required=True, metavar="FILE", help="the points after filtering")
    parser.add_argument("--participants", type=json_argument, required=True, metavar="JSON")
    for name, text in (
        ("coordinates", "the participants' joint angles, in their order"),
        ("models", "their models (.osim)"),
        ("marker-errors", "their markers' distances from the model"),
    ):
        parser.add_argument(f"--{name}", type=Path, nargs="*", default=[], metavar="FILE", help=text)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="for the plots (.svg)")


def run(args: argparse.Namespace) -> None:
    """Plot."""
    from kineograph.opensim.setup_files import read_coordinate_ranges
    from kineograph.plots.angles import plot_angles
    from kineograph.plots.marker_errors import plot_marker_errors
    from kineograph.plots.residuals import plot_residuals

    args.out.mkdir(parents=True, exist_ok=True)
    plot_residuals(args.out / "residuals.svg", read_report(args.quality).came_out["median_px"])
    raw, filtered = read_npz(args.raw, Points3D), read_npz(args.filtered, Points3D)
    for name, coordinates, model, errors in zip(
        args.participants, args.coordinates, args.models, args.marker_errors, strict=True
    ):
        _plot_points(args.out / f"trajectories_{name}.svg", raw, filtered, name)
        plot_angles(args.out / f"angles_{name}.svg", read_npz(coordinates, Coordinates), read_coordinate_ranges(model))
        plot_marker_errors(args.out / f"marker_errors_{name}.svg", read_npz(errors, MarkerErrors))


def _plot_points(path: Path, raw: Points3D, filtered: Points3D, participant: str) -> None:
    from kineograph.plots.style import nothing
    from kineograph.plots.trajectories import plot_trajectories

    if not filtered.n_frames:
        nothing(path, "no points: see the verdicts of association and triangulation")
        return
    index = filtered.participants.index(participant)
    plot_trajectories(path, raw, filtered, index, skeleton_card(filtered.skeleton))
