"""Write the configuration and sheets that a Pose2Sim project or an OpenCap session means, to be edited."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.errors import InputError
from kineograph.planning.projects import FOLDER, find_project, write_sheets, write_text_once
from kineograph.settings.plugins import plugin_names


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="the project")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the configuration; the sheets go beside it"
    )
    parser.add_argument("--results", default="results", help="the folder of results that the configuration names")


def run(args: argparse.Namespace) -> None:
    """Write them, and print what became of every value.

    Raises
    ------
    InputError
        Where the folder is no project that is known, or the configuration is there already.
    """
    import yaml

    project = find_project(args.folder)
    if project is None:
        raise InputError(
            f"{args.folder} is no project of another tool",
            expected=f"a folder of one of these: {', '.join(plugin_names(FOLDER))}",
            found="neither a Config.toml nor OpenCap's metadata, or a trials.tsv",
            hint="name the project's topmost folder; one with a trials.tsv is a dataset already",
        )
    if args.out.exists():
        raise InputError(
            f"{args.out} is there already",
            expected="the name of a new file",
            found="a file",
            hint="remove it, or choose another name: what you edited is not written over",
        )
    trials, participants = write_sheets(project, args.out.parent)
    config = {
        "dataset": str(args.folder),
        "results": args.results,
        "trials": str(trials),
        "participants": str(participants),
        **project.config,
    }
    if project.overrides:
        config["overrides"] = list(project.overrides)
    head = f"# Made from the {project.title} {args.folder}. Paths count from where snakemake runs.\n"
    write_text_once(args.out, head + yaml.safe_dump(config, sort_keys=False))
    print(project.report())
