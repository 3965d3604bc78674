"""The cache under a name that stays the same wherever the cache is."""

from __future__ import annotations

import os
from pathlib import Path

from kineograph.catalog.assets import default_cache

CACHE_LINK = ".kineograph/cache"
"""A link to the cache in the working directory: jobs name its files by it, so that another place of the cache reruns nothing."""


def linked_cache() -> Path:
    """The link to the cache in the working directory, made where it is not there."""
    return linked(default_cache(), Path(CACHE_LINK))


def linked(folder: Path, link: Path) -> Path:
    """Make `link` a link to `folder` and return it; where that can't be, return the folder itself."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink() or link.readlink() != folder:
            link.parent.mkdir(parents=True, exist_ok=True)
            fresh = link.with_name(f"{link.name}.{os.getpid()}")
            fresh.symlink_to(folder, target_is_directory=True)
            fresh.replace(link)
    except OSError:
        return folder
    return link
