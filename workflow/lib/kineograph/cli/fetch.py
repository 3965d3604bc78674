"""Fetch what others made (models, set-up files, demo videos) into the cache."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.assets.store import obtain
from kineograph.catalog.assets import default_cache, read_catalogue
from kineograph.cli._common_arguments import RESOURCES


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("asset", nargs="+", help="names in resources/assets.toml")
    parser.add_argument(
        "--cache", type=Path, default=None, metavar="DIR", help="default: $KINEOGRAPH_CACHE, ~/.cache/kineograph"
    )


def run(args: argparse.Namespace) -> None:
    """Fetch the assets and print where they are."""
    catalogue = read_catalogue(RESOURCES / "assets.toml")
    for name in args.asset:
        print(obtain(catalogue.asset(name), args.cache or default_cache()))
