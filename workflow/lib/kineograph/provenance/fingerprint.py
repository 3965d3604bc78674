"""Fingerprints of files by their content, quick enough to take of every video each time the graph is planned."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

WHOLE_BYTES = 256 * 1024
"""Files up to this size are read whole."""
BLOCK_BYTES = 4096
BLOCKS = 16
"""Of larger files this many blocks are read, the first and last among them, evenly spread."""
SAMPLED_FILES = 128
"""Of a folder's files this many are read, evenly spread; of the others the name and size count."""
MISSING = "missing"


@functools.cache
def fingerprint(path: Path) -> str:
    """Fingerprint (16 hexadecimal digits) of a file's or folder's content; ``missing`` where there is none.

    Times and permissions do not count. A video is sampled: a new encoding, another take or a cut changes every block
    of it, while an edit that keeps the size and hits none of the blocks would not be seen.
    """
    digest = hashlib.sha256()
    if path.is_dir():
        files = sorted(_files(path))
        step = max(1, -(-len(files) // SAMPLED_FILES))
        for index, (name, size) in enumerate(files):
            digest.update(f"{name}\0{size}\0".encode())
            if index % step == 0:
                _update(digest, path / name, size)
    else:
        try:
            size = path.stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return MISSING
        digest.update(f"{size}\0".encode())
        _update(digest, path, size)
    return digest.hexdigest()[:16]


def fingerprints(files: Sequence[Path]) -> dict[str, str]:
    """The fingerprint of each file, by its path from the folder that they have in common."""
    common = Path(os.path.commonpath([file.parent for file in files])) if files else Path()
    return {file.relative_to(common).as_posix(): fingerprint(file) for file in files}


def sha256(path: Path) -> str:
    """The SHA-256 of a whole file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> list[tuple[str, int]]:
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith("."):
                path = Path(parent, name)
                found.append((path.relative_to(folder).as_posix(), path.stat().st_size))
    return found


def _update(digest: hashlib._Hash, path: Path, size: int) -> None:
    with path.open("rb") as file:
        if size <= WHOLE_BYTES:
            digest.update(file.read())
            return
        for block in range(BLOCKS):
            file.seek((size - BLOCK_BYTES) * block // (BLOCKS - 1))
            digest.update(file.read(BLOCK_BYTES))
