"""Plot the reprojection residuals of a trial."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.io.reports import read_report


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--quality", type=Path, required=True, metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the plot (.svg)")


def run(args: argparse.Namespace) -> None:
    """Plot."""
    from kineograph.plots.residuals import plot_residuals

    plot_residuals(args.out, read_report(args.quality).came_out["median_px"])
