"""Find the cameras' offsets and lay out the trial's common clock."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from kineograph.cli._common_arguments import (
    add_result,
    add_settings,
    add_views,
    json_argument,
    read_views,
    with_provenance,
)
from kineograph.errors import KineographError
from kineograph.io.reports import write_synchronization
from kineograph.io.timestamps import read_timestamps
from kineograph.model.report import StageReport
from kineograph.model.synchronization import Synchronization
from kineograph.settings.text import from_json
from kineograph.stages.synchronize import STAGE, SynchronizeSettings, synchronize


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_views(parser)
    parser.add_argument(
        "--frames", type=json_argument, default=None, metavar="JSON", help="[first, last] of the common clock, or null"
    )
    parser.add_argument(
        "--timestamps",
        type=json_argument,
        default={},
        metavar="JSON",
        help="camera -> file with the time of each of its frames, for the method timestamps",
    )
    add_settings(parser)
    add_result(parser, report=False)


def run(args: argparse.Namespace) -> StageReport:
    """Synchronize the usable cameras."""
    settings = from_json(SynchronizeSettings, args.settings)
    views = read_views(args)
    frames = (args.frames[0], args.frames[1]) if args.frames else None
    stamped = [item.camera for item in views.keypoints if settings.method == "timestamps"]
    timestamps_s = {name: read_timestamps(Path(args.timestamps[name])) for name in stamped if name in args.timestamps}
    result, report = synchronize(views.keypoints, views.rig, views.inputs.fps_hz, frames, settings, timestamps_s)
    write_synchronization(args.out, result, with_provenance(args, report))
    return report


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Write a clock without frames."""
    nothing = Synchronization((), np.zeros(0), np.zeros(0), float("nan"), 0.0, 0)
    write_synchronization(args.out, nothing, with_provenance(args, StageReport(STAGE, error=error.record())))
