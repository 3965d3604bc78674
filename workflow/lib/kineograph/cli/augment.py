"""Place anatomical markers from the participants' filtered keypoints, by networks."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.catalog.augmenters import read_augmenter_card
from kineograph.cli._common_arguments import (
    RESOURCES,
    add_result,
    add_settings,
    json_argument,
    save_report,
    skeleton_card,
)
from kineograph.errors import KineographError
from kineograph.io.npz import read_npz, write_npz
from kineograph.model.points import Points3D
from kineograph.model.report import StageReport
from kineograph.settings.text import from_json
from kineograph.stages.augment import AugmentSettings, Person, augment
from kineograph.stages.augmentation_report import STAGE


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--points", type=Path, required=True, metavar="FILE", help="the filtered points")
    parser.add_argument("--networks", type=Path, required=True, metavar="DIR", help="the augmenter's networks")
    parser.add_argument(
        "--people", type=json_argument, default={}, metavar="JSON", help='{"P1": {"height_m": 1.75, "mass_kg": 70}}'
    )
    add_settings(parser)
    add_result(parser)


def run(args: argparse.Namespace) -> StageReport:
    """Ask the networks."""
    from kineograph.pose.marker_network import MarkerNetwork

    settings = from_json(AugmentSettings, args.settings)
    card = read_augmenter_card(settings.method, RESOURCES / "augmenters")
    networks = [
        MarkerNetwork(args.networks / item.folder, 3 * len(item.inputs) + 2, 3 * len(item.outputs))
        for item in card.networks
    ]
    points = read_npz(args.points, Points3D)
    people = {name: Person(**known) for name, known in args.people.items()}
    result, report = augment(points, skeleton_card(points.skeleton), card, networks, people, settings)
    write_npz(args.out, result)
    save_report(args, report)
    return report


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Pass the points on as they are."""
    write_npz(args.out, read_npz(args.points, Points3D))
    save_report(args, StageReport(STAGE, error=error.record()))
