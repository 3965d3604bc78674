"""Writing a file so that it is either there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kineograph.io.room import NO_ROOM


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends without an error.

    The temporary name keeps the suffix, so that writers which go by it work. The content is on the disk before the name is.
    Where there is no room for it the error names `path`: that of a write names no file, and no one knows the temporary one.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=path.suffix)
        temporary = Path(name)
        os.close(handle)
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in NO_ROOM and _is_ours(error.filename, path):
            raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    """Write a binary file, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def _is_ours(name: object, path: Path) -> bool:
    """Whether an error that names this file, or none, is of the temporary file."""
    return name is None or Path(str(name)).name.startswith(f".{path.stem}.")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
