"""Plot how far a participant's markers are from the solved model over time."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.io.npz import read_npz
from kineograph.model.marker_errors import MarkerErrors


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--errors", type=Path, required=True, metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the plot (.svg)")


def run(args: argparse.Namespace) -> None:
    """Plot."""
    from kineograph.plots.marker_errors import plot_marker_errors

    plot_marker_errors(args.out, read_npz(args.errors, MarkerErrors))
