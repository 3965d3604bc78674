"""Command line arguments that the verbs of the front share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from kineograph.front.config_file import DEFAULT, configuration_file, read_configuration

REPOSITORY = Path(__file__).resolve().parents[4]
COSTS = REPOSITORY / "resources" / "costs.toml"


def add_configuration(parser: argparse.ArgumentParser) -> None:
    """Add --configfile and --set."""
    parser.add_argument("--configfile", type=Path, default=DEFAULT, metavar="FILE", help=f"default: {DEFAULT}")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="changes",
        help="set a key for this once, such as filtering.cutoff_hz=8",
    )


def add_profile(parser: argparse.ArgumentParser) -> None:
    """Add --profile."""
    parser.add_argument(
        "--profile",
        default="default",
        metavar="NAME",
        help="default, gpu, slurm, or the folder of your own (profiles/)",
    )


def read_given(args: argparse.Namespace) -> dict[str, Any]:
    """The configuration that the arguments name."""
    return read_configuration(args.configfile, args.changes)


def file_given(args: argparse.Namespace, config: dict[str, Any]) -> Path:
    """The file that holds it."""
    return configuration_file(args.configfile, config, args.changes)


def profile_folder(name: str) -> Path:
    """The folder of a profile: one of the repository's, or the user's own."""
    ours = REPOSITORY / "profiles" / name
    return ours if ours.is_dir() else Path(name)
