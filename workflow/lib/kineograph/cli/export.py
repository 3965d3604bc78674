"""Write results in the formats of other tools: C3D, CSV, BVH and so on."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any

from kineograph.cli._common_arguments import json_argument, skeleton_card
from kineograph.errors import KineographError
from kineograph.exports._subject import Subject
from kineograph.io.atomic import write_bytes
from kineograph.settings.plugins import plugin_module, plugin_names

FOLDER = "exports"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--formats", nargs="+", required=True, choices=plugin_names(FOLDER))
    parser.add_argument(
        "--subject", type=json_argument, required=True, metavar="JSON", help="session, trial and participants"
    )
    parser.add_argument(
        "--files", type=json_argument, required=True, metavar="JSON", help="kind of result -> its files"
    )
    parser.add_argument("--out", type=Path, nargs="+", required=True, metavar="FILE", help="in the formats' order")


def run(args: argparse.Namespace) -> None:
    """Write format by format; what a trial can't give becomes an empty file, and the log says why."""
    subject = _subject(args.subject, args.files)
    left = list(args.out)
    for name in args.formats:
        module = importlib.import_module(plugin_module(FOLDER, name))
        paths, left = left[: len(module.FILES)], left[len(module.FILES) :]
        for path in paths:
            path.unlink(missing_ok=True)  # what is there may be of other results
        try:
            module.write(tuple(paths), subject)
        except KineographError as error:
            print(f"{name}: {error}", file=sys.stderr)
            for path in paths:
                if not path.exists():
                    write_bytes(path, b"")


def _subject(about: dict[str, Any], files: dict[str, list[str]]) -> Subject:
    return Subject(
        about["session"],
        about["trial"],
        tuple(about["participants"]),
        {kind: tuple(map(Path, paths)) for kind, paths in files.items()},
        skeleton_card,
    )
