"""List the results of trials, cameras and participants that the dataset no longer has; with --yes, remove them."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.cli._front_arguments import REPOSITORY, add_configuration
from kineograph.errors import InputError
from kineograph.front.config_file import read_configuration
from kineograph.front.head import FOLDER, Head
from kineograph.front.leftovers import Leftovers, remove
from kineograph.planning.plan import Plan

LISTED = 200


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_configuration(parser)
    parser.add_argument("--yes", action="store_true", help="remove what is listed")


def run(args: argparse.Namespace) -> int:
    """List, and remove where that is asked for; a dataset with mistakes is refused, since its trials only seem to have gone."""
    plan = Plan(read_configuration(args.configfile, args.changes), REPOSITORY, str(args.configfile))
    leftovers = Leftovers(plan.dataset, plan.layout)
    files = list(leftovers.files())
    size = sum(path.lstat().st_size for path in files)
    for path in files[:LISTED]:
        print(path)
    if len(files) > LISTED:
        print(f"and {len(files) - LISTED} more")
    if leftovers.foreign:
        print(f"({leftovers.foreign} files in {plan.layout.root} are not this program's: they are left alone)")
    if not files:
        print("nothing to remove: every result belongs to a trial of the dataset")
        return 0
    if not args.yes:
        print(f"{len(files)} files, {size / 1e6:.1f} MB, of what the dataset no longer has; --yes removes them")
        return 0
    with Head(Path.cwd()) as head:
        if head.earlier is not None:
            raise InputError(
                f"the run of {head.earlier.since} was killed, and its jobs may still write",
                expected="no run that was killed",
                found=f"its record in {FOLDER}",
                hint="let kineograph run clear up after it first",
            )
        print(f"removed {remove(files, Path(plan.layout.root))} files, {size / 1e6:.1f} MB")
    return 0
