"""ZIP archives with the same bytes from the same members."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from kineograph.io.atomic import atomic_path

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The one date that all members have; ZIP begins there."""
READABLE_BY_ALL = 0o644 << 16


def write_zip(path: Path, members: Mapping[str, bytes | Path]) -> None:
    """Write an archive, atomically, with its members in their names' order and without the time of writing.

    Members that are files (recordings) are copied piece by piece, and not compressed again.
    """
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name in sorted(members):
            content = members[name]
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.external_attr = READABLE_BY_ALL
            if isinstance(content, bytes):
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, content)
                continue
            entry.file_size = content.stat().st_size
            with content.open("rb") as source, archive.open(entry, "w") as target:
                shutil.copyfileobj(source, target)
