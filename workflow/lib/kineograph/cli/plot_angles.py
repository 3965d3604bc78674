"""Plot a participant's joint angles."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.io.npz import read_npz
from kineograph.model.coordinates import Coordinates


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--coordinates", type=Path, required=True, metavar="FILE")
    parser.add_argument("--model", type=Path, required=True, metavar="FILE", help="the participant's model (.osim)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the plot (.svg)")


def run(args: argparse.Namespace) -> None:
    """Plot."""
    from kineograph.opensim.setup_files import read_coordinate_ranges
    from kineograph.plots.angles import plot_angles

    plot_angles(args.out, read_npz(args.coordinates, Coordinates), read_coordinate_ranges(args.model))
