"""Lay out the demo dataset: four videos of a person balancing, with their calibration (pose2sim wheel, BSD-3-Clause)."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from kineograph.assets.store import obtain
from kineograph.catalog.assets import default_cache, read_catalogue
from kineograph.cli._common_arguments import RESOURCES
from kineograph.io.atomic import atomic_path, write_text

ASSET = "demo_single"
PICTURES_ASSET = "demo_calibration_pictures"
POINTS = RESOURCES / "demo_calibration"
SESSION, TRIAL, PARTICIPANT = "S00", "balancing", "P1"
SHEETS = {
    "trials.tsv": f"session\ttrial\tparticipants\n{SESSION}\t{TRIAL}\t{PARTICIPANT}\n",
    "participants.tsv": f"participant\theight_m\tmass_kg\n{PARTICIPANT}\t\t70\n",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="the dataset's folder, such as data/demo")
    parser.add_argument(
        "--calibration-pictures",
        action="store_true",
        help="also the pictures of a board, and known points of the scene, from which the calibration can be computed",
    )


def run(args: argparse.Namespace) -> None:
    """Copy the demo's files out of the cache; files that are there already are left alone."""
    catalogue = read_catalogue(RESOURCES / "assets.toml")
    session = args.folder / SESSION
    for name in [ASSET, PICTURES_ASSET] if args.calibration_pictures else [ASSET]:
        asset = catalogue.asset(name)
        source = obtain(asset, default_cache())
        for member in asset.files:
            inside = Path(asset.inside(member))
            _copy(source / inside, session / (TRIAL if inside.parts[0] == "videos" else "") / inside)
    if args.calibration_pictures:
        for table in sorted(POINTS.glob("*.tsv")):
            _copy(table, session / "calibration" / "extrinsics" / table.name)
    for name, text in SHEETS.items():
        if not (args.folder / name).exists():
            write_text(args.folder / name, text)
    print(f"demo dataset: {args.folder}")


def _copy(source: Path, place: Path) -> None:
    if not place.exists():
        with atomic_path(place) as temporary:
            shutil.copyfile(source, temporary)
