"""Plot a participant's points over time."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.cli._common_arguments import skeleton_card
from kineograph.io.npz import read_npz
from kineograph.model.points import Points3D


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--raw", type=Path, required=True, metavar="FILE", help="the points before filtering")
    parser.add_argument("--filtered", type=Path, required=True, metavar="FILE", help="the points after filtering")
    parser.add_argument("--participant", required=True)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the plot (.svg)")


def run(args: argparse.Namespace) -> None:
    """Plot."""
    from kineograph.plots.style import nothing
    from kineograph.plots.trajectories import plot_trajectories

    raw, filtered = read_npz(args.raw, Points3D), read_npz(args.filtered, Points3D)
    if not filtered.n_frames:
        nothing(args.out, "no points: see the verdicts of association and triangulation")
        return
    index = filtered.participants.index(args.participant)
    plot_trajectories(args.out, raw, filtered, index, skeleton_card(filtered.skeleton))
