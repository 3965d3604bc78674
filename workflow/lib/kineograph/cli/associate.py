"""Find out which detection is which participant, in every frame of every camera."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from kineograph.cli._common_arguments import add_result, add_settings, add_views, json_argument, read_views, save_report
from kineograph.errors import InputError, KineographError
from kineograph.io.npz import write_npz
from kineograph.io.reports import read_synchronization
from kineograph.model.observations import Observations
from kineograph.model.report import StageReport
from kineograph.model.tracks import PersonTracks
from kineograph.settings.text import from_json
from kineograph.stages.associate import STAGE, AssociateSettings, associate
from kineograph.stages.observe import observe


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_views(parser)
    parser.add_argument("--synchronization", type=Path, required=True, metavar="FILE")
    parser.add_argument("--participants", type=json_argument, required=True, metavar="JSON", help="names, in a list")
    parser.add_argument("--heights", type=json_argument, default={}, metavar="JSON", help="m, by participant")
    parser.add_argument(
        "--observations",
        type=Path,
        required=True,
        metavar="FILE",
        help="the participants' keypoints (.npz), to be written",
    )
    add_settings(parser)
    add_result(parser)


def run(args: argparse.Namespace) -> StageReport:
    """Associate."""
    settings = from_json(AssociateSettings, args.settings)
    views = read_views(args)
    clock = read_synchronization(args.synchronization)
    if clock.cameras != tuple(item.camera for item in views.keypoints):
        raise InputError(
            "the cameras of the trial have no common clock",
            expected=f"the offsets of {', '.join(item.camera for item in views.keypoints)}, as synchronization writes them",
            found=f"those of {', '.join(clock.cameras)}"
            if clock.cameras
            else "none: synchronization could not be done",
            hint="see its verdict",
        )
    tracks, report = associate(
        views.keypoints, views.rig, clock, views.skeleton, args.participants, settings, args.heights
    )
    write_npz(args.out, tracks)
    write_npz(args.observations, observe(views.filmed, views.rig, clock, tracks))
    save_report(args, report)
    return report


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Write tracks and observations without frames."""
    people = tuple(args.participants)
    write_npz(args.out, PersonTracks.of_nobody(people))
    shape = (0, len(people), 0, 0)
    unseen = Observations(
        people, (), (), (), "", np.zeros((*shape, 2)), np.zeros(shape), np.zeros((0, 2), int), np.zeros(0), float("nan")
    )
    write_npz(args.observations, unseen)
    save_report(args, StageReport(STAGE, error=error.record()))
