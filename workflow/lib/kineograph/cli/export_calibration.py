"""Write a calibration in the format of another tool."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.cli._any_calibration import format_module, read_calibration, writable_formats


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--calibration",
        type=Path,
        required=True,
        metavar="FILE",
        help="a result's calibration.toml, or any that can be read",
    )
    parser.add_argument(
        "--format", choices=writable_formats(), required=True, help="toml is for aniposelib, Pose2Sim and FreeMoCap"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="PATH", help="the file (toml), or the folder (easymocap, opencv)"
    )


def run(args: argparse.Namespace) -> None:
    """Read and write."""
    rig, _ = read_calibration(args.calibration, "auto", {})
    format_module(args.format).write(args.out, rig)
