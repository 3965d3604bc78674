"""Write a participant's markers as a TRC file (metres, y up)."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.cli._common_arguments import add_result, skeleton_card
from kineograph.geometry.markers import marker_positions
from kineograph.io.npz import read_npz
from kineograph.io.trc import MarkerTrajectories, to_opensim_axes, write_trc
from kineograph.model.points import Points3D


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--points", type=Path, required=True, metavar="FILE")
    parser.add_argument("--participant", required=True)
    add_result(parser, report=False)


def run(args: argparse.Namespace) -> None:
    """Write the markers; a trial without frames gives a file without rows."""
    points = read_npz(args.points, Points3D)
    names: tuple[str, ...] = ()
    if points.n_frames:
        names, position = marker_positions(points, skeleton_card(points.skeleton))
        position = position[:, points.participants.index(args.participant)]
    else:
        position = points.position_m[:, 0, :0]
    write_trc(args.out, MarkerTrajectories(names, to_opensim_axes(position), points.time_s, points.fps_hz))
