"""Reading what association made of the cameras' keypoints, with the calibration of those cameras and the skeleton."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.calibration_formats import toml
from kineograph.cli._common_arguments import skeleton_card
from kineograph.errors import InputError
from kineograph.geometry.nominal_pixels import nominal_observations, nominal_rig
from kineograph.io.npz import read_npz
from kineograph.model.camera import Rig
from kineograph.model.observations import Observations
from kineograph.model.skeleton import Skeleton


def add_observations(parser: argparse.ArgumentParser) -> None:
    """Add the files that :func:`read_observations` reads."""
    parser.add_argument(
        "--observations",
        type=Path,
        required=True,
        metavar="FILE",
        help="the participants' keypoints in all cameras (.npz)",
    )
    parser.add_argument("--calibration", type=Path, required=True, metavar="FILE", help="calibration.toml")


def read_observations(args: argparse.Namespace) -> tuple[Observations, Rig, Skeleton]:
    """The observations, the calibration of their cameras in the same order, and the skeleton; in nominal pixels.

    Raises
    ------
    InputError
        Where association could not be done.
    """
    observations, rig, skeleton = read_filmed_observations(args)
    return nominal_observations(observations, rig), nominal_rig(rig), skeleton


def read_filmed_observations(args: argparse.Namespace) -> tuple[Observations, Rig, Skeleton]:
    """The same in the videos' own pixels, for what is drawn over their pictures.

    Raises
    ------
    InputError
        Where association could not be done.
    """
    observations = read_npz(args.observations, Observations)
    if not observations.skeleton:
        raise InputError(
            "the trial has no observations",
            expected="the participants' keypoints, as the association writes them",
            found="a file without cameras: the association could not be done",
            hint="see its verdict",
        )
    rig = toml.read(args.calibration).select(observations.calibrated_as)
    return observations, rig, skeleton_card(observations.skeleton)
