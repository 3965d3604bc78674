"""ZIP archives with the same bytes from the same members."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

from kineograph.io.atomic import atomic_path

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The one date that all members have; ZIP begins there."""
READABLE_BY_ALL = 0o644 << 16


def write_zip(path: Path, members: Mapping[str, bytes]) -> None:
    """Write an archive, atomically, with its members in their names' order and without the time of writing."""
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = READABLE_BY_ALL
            archive.writestr(entry, members[name])
