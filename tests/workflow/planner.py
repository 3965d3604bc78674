"""Dry runs that share one import of Snakemake: a server imports it, and each plan is a fork of that.

Nothing of the project is imported here: each plan must find the library of the copy that it plans.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["snakemake.cli"])


def be_snakemake(arguments: list[str], root: Path, environment: dict[str, str], shown: Path) -> None:
    """Be `python -m snakemake` in this process, with its output in a file."""
    with shown.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(root)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["snakemake", *arguments]
    sys.path[0] = str(root)

    from snakemake.cli import main

    main()
