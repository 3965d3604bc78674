"""Whether a run failed for want of room, on which disk, and what to do.

A job whose log is on a full disk can't say so there, so the disks are looked at, and what Snakemake printed.
"""

from __future__ import annotations

import errno
import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from kineograph.io.room import Room, room
from kineograph.layout import Layout

SAID = tuple(os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT))


def places(layout: Layout) -> dict[str, Path]:
    """What a run in the working directory writes, in words, and where."""
    temporary = Path(os.environ.get("TMPDIR", "/tmp"))
    return {"the results": Path(layout.root), "Snakemake's own files": Path.cwd(), "temporary files": temporary}


def full_disks(where: Mapping[str, Path], printed: str = "") -> list[str]:
    """What to tell a user of disks that are full now or were during the run; nothing where none was.

    Parameters
    ----------
    where : dict of str to Path
        As of :func:`places`.
    printed : str
        What Snakemake and the jobs printed.
    """
    held: defaultdict[Room, list[str]] = defaultdict(list)
    for what, path in where.items():
        held[room(path)].append(what)
    full = {disk: names for disk, names in held.items() if disk.full}
    said = next((words for words in SAID if words in printed), "")
    if not full and not said:
        return []
    head = "a disk is full" if full else f"a disk was full, or a quota used up ({said})"
    rows = [f"{head}: something could not be written"]
    rows += [f"  {disk}, which holds {' and '.join(names)}" for disk, names in (full or held).items()]
    return [
        *rows,
        "  to do: free some room there, and run again: what is finished is kept, and nothing half-written is",
    ]
