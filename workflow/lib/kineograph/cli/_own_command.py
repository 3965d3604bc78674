"""How this program is called here, for hints that somebody pastes."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from kineograph.front.snakemake import LIBRARY


def own_command(*words: str) -> str:
    """A command line that works where the user is: the installation's ``kineograph``, else Python with the library's folder."""
    wrapper = Path(sys.executable).parent / "kineograph"
    if wrapper.is_file():
        return shlex.join([_short(wrapper), *words])
    return f"PYTHONPATH={shlex.quote(str(LIBRARY))} " + shlex.join(
        [_short(sys.executable), "-m", "kineograph.cli", *words]
    )


def _short(path: str | Path) -> str:
    """The path from the working directory where it lies below it, else the whole."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
