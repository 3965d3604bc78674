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
SESSION, TRIAL, PARTICIPANT = "S00", "balancing", "P1"
SHEETS = {
    "trials.tsv": f"session\ttrial\tparticipants\n{SESSION}\t{TRIAL}\t{PARTICIPANT}\n",
    "participants.tsv": f"participant\theight_m\tmass_kg\n{PARTICIPANT}\t\t70\n",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="the dataset's folder, such as data/demo")


def run(args: argparse.Namespace) -> None:
    """Copy the demo's files out of the cache; files that are there already are left alone."""
    asset = read_catalogue(RESOURCES / "assets.toml").asset(ASSET)
    source = obtain(asset, default_cache())
    for member in asset.files:
        inside = Path(asset.inside(member))
        place = args.folder / SESSION / (TRIAL if inside.parts[0] == "videos" else "") / inside
        if not place.exists():
            with atomic_path(place) as temporary:
                shutil.copyfile(source / inside, temporary)
    for name, text in SHEETS.items():
        if not (args.folder / name).exists():
            write_text(args.folder / name, text)
    print(f"demo dataset: {args.folder}")
