"""Joint angles as an OpenSim storage file (.sto): degrees and m, as the .mot file has them, for tools that go by the ending.

OpenSim has no missing values: frames that could not be solved have no row.
"""

from __future__ import annotations

from pathlib import Path

from kineograph.exports._subject import Subject
from kineograph.io.motion import write_mot

LEVEL = "person"
FILES = (".sto",)
NEEDS = ("points", "coordinates")


def write(paths: tuple[Path, ...], subject: Subject) -> None:
    """Write the file.

    Raises
    ------
    InputError
        Where no frame was solved.
    """
    write_mot(paths[0], subject.coordinates)
