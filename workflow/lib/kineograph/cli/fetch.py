"""Fetch what others made (models, set-up files, demo videos) into the cache."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.assets.store import obtain
from kineograph.catalog.assets import Catalogue, default_cache, read_catalogue
from kineograph.catalog.models import read_model_card
from kineograph.cli._common_arguments import RESOURCES


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("asset", nargs="+", help="names in resources/assets.toml, or of models")
    parser.add_argument(
        "--cache", type=Path, default=None, metavar="DIR", help="default: $KINEOGRAPH_CACHE, ~/.cache/kineograph"
    )


def run(args: argparse.Namespace) -> None:
    """Fetch the assets and print where they are."""
    catalogue = read_catalogue(RESOURCES / "assets.toml")
    for name in args.asset:
        print(obtain(catalogue.asset(_asset_of(name, catalogue)), args.cache or default_cache()))


def _asset_of(name: str, catalogue: Catalogue) -> str:
    """The asset of that name, or with the weights of the model of that name."""
    card = RESOURCES / "models" / f"{name}.toml"
    if name in catalogue.assets or not card.is_file():
        return name
    return read_model_card(name, card.parent).asset or name
