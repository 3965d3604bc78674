"""What was worked out from source texts, kept in a file by their content, so that it is not worked out at every start."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

Meaning = tuple[str, tuple[str, ...]]
"""A module's meaning as one line, and the names of what it imports."""


class Remembered:
    """Meanings of source texts.

    The file may be lost, damaged or written by several processes at once: what it can't tell is worked out again.

    Parameters
    ----------
    path : Path
        The file.
    work_out : callable
        The meaning of a source text.
    version : str
        Of what works it out: what another version has written does not count.
    """

    def __init__(self, path: Path, work_out: Callable[[str], Meaning], version: str) -> None:
        self._path = path
        self._work_out = work_out
        self._version = f"{version} {sys.version_info[:3]}"
        self._before = _read(path)
        self._now: dict[str, Meaning] = {}

    def of(self, source: str) -> Meaning:
        """The meaning of a source text."""
        key = hashlib.sha256(f"{self._version}\n{source}".encode()).hexdigest()
        if key not in self._now:
            known = self._before.get(key)
            self._now[key] = (known[0], tuple(known[1])) if known else self._work_out(source)
        return self._now[key]

    def save(self) -> None:
        """Write what was asked for, where the file does not hold all of it; where it can't be written, all goes on without."""
        if self._now.keys() <= self._before.keys():
            return
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            fresh.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(self._now), encoding="utf-8")
            fresh.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink()


def _read(path: Path) -> dict[str, list]:  # type: ignore[type-arg]
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
