"""Command line arguments that the verbs of the front share."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
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


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what Snakemake is told besides."""
    parser.add_argument(
        "options", nargs="*", metavar="-- OPTION", help="further options and targets for Snakemake, after --"
    )


@dataclass(frozen=True)
class Given:
    """What :func:`add_configuration` and :func:`add_profile` ask for.

    Attributes
    ----------
    config : dict
        The configuration, with the changes in it.
    path : Path
        The file that it was read from.
    changes : tuple of str
        The values of --set.
    profile : Path
        The folder of Snakemake's profile.
    """

    config: dict[str, Any]
    path: Path
    changes: tuple[str, ...]
    profile: Path

    def configfile(self) -> Path:
        """The file for Snakemake; written anew where there are changes."""
        return configuration_file(self.path, self.config, self.changes)


def read_given(args: argparse.Namespace) -> Given:
    """Read the configuration that the arguments name, and find the profile."""
    config = read_configuration(args.configfile, args.changes)
    return Given(config, args.configfile, tuple(args.changes), _profile_folder(args.profile))


def _profile_folder(name: str) -> Path:
    """The folder of a profile: one of the repository's, or the user's own."""
    ours = REPOSITORY / "profiles" / name
    return ours if ours.is_dir() else Path(name)
