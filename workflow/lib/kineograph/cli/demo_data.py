"""Lay out a demo dataset: four videos of a person balancing, alone or with somebody watching (pose2sim wheel, BSD-3-Clause)."""

from __future__ import annotations

import argparse
import shutil
from dataclasses import dataclass
from pathlib import Path

from kineograph.assets.store import obtain
from kineograph.catalog.assets import default_cache, read_catalogue
from kineograph.cli._common_arguments import RESOURCES
from kineograph.io.atomic import atomic_path, write_text

PICTURES_ASSET = "demo_calibration_pictures"
POINTS = RESOURCES / "demo_calibration"
SESSION, TRIAL = "S00", "balancing"


@dataclass(frozen=True)
class Demo:
    """A trial of the wheel.

    Attributes
    ----------
    asset : str
        Its files.
    trial : str
        The trial's name.
    mass_kg : dict of str to float
        Its participants; the masses are those of the wheel's Config.toml, which gives no heights.
    """

    asset: str
    trial: str
    mass_kg: dict[str, float]

    def sheets(self) -> dict[str, str]:
        """The trial sheet and the participants' sheet."""
        people = "".join(f"{name}\t\t{mass:g}\n" for name, mass in self.mass_kg.items())
        trial = f"{SESSION}\t{self.trial}\t{','.join(self.mass_kg)}\n"
        return {
            "trials.tsv": f"session\ttrial\tparticipants\n{trial}",
            "participants.tsv": f"participant\theight_m\tmass_kg\n{people}",
        }


DEMOS = {
    "one": Demo("demo_single", TRIAL, {"P1": 70.0}),
    "two": Demo("demo_multi", "two_people", {"P1": 70.0, "P2": 63.5}),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="the dataset's folder, such as data/demo")
    parser.add_argument("--people", choices=list(DEMOS), default="one", help="how many people are in the videos")
    parser.add_argument(
        "--calibration-pictures",
        action="store_true",
        help="also the pictures of a board, and known points of the scene, from which the calibration can be computed",
    )


def run(args: argparse.Namespace) -> None:
    """Copy the demo's files out of the cache; files that are there already are left alone."""
    catalogue = read_catalogue(RESOURCES / "assets.toml")
    demo = DEMOS[args.people]
    session = args.folder / SESSION
    for name in [demo.asset, PICTURES_ASSET] if args.calibration_pictures else [demo.asset]:
        asset = catalogue.asset(name)
        source = obtain(asset, default_cache())
        for member in asset.files:
            inside = Path(asset.inside(member))
            _copy(source / inside, session / (demo.trial if inside.parts[0] == "videos" else "") / inside)
    if args.calibration_pictures:
        for table in sorted(POINTS.glob("*.tsv")):
            _copy(table, session / "calibration" / "extrinsics" / table.name)
    for name, text in demo.sheets().items():
        if not (args.folder / name).exists():
            write_text(args.folder / name, text)
    print(f"demo dataset: {args.folder}")


def _copy(source: Path, place: Path) -> None:
    if not place.exists():
        with atomic_path(place) as temporary:
            shutil.copyfile(source, temporary)
