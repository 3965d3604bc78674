"""What is in a folder."""

from __future__ import annotations

import os
from pathlib import Path

from kineograph.dataset.names import natural_key


def list_folder(folder: Path) -> list[os.DirEntry[str]]:
    """The visible entries of a folder in natural order; empty where there is no such folder."""
    try:
        with os.scandir(folder) as entries:
            return sorted((e for e in entries if not e.name.startswith(".")), key=lambda e: natural_key(e.name))
    except (FileNotFoundError, NotADirectoryError):
        return []
