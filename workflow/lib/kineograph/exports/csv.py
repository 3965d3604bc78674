"""Tables of joint angles and points as CSV: commas, decimal points, an empty cell where a value is missing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from kineograph.exports._subject import Subject
from kineograph.exports._tables import Table, angles_table, points_table
from kineograph.io.atomic import write_text

LEVEL = "person"
FILES = (".angles.csv", ".points.csv")
NEEDS = ("points", "coordinates")
DIGITS = 9
"""Significant digits: nm and millionths of a degree."""


def write(paths: tuple[Path, ...], subject: Subject) -> None:
    """Write both files; that of the points also where no angles could be solved.

    Raises
    ------
    InputError
        Where the trial has no frame, or no frame was solved.
    """
    write_text(paths[1], _text(points_table(subject)))
    write_text(paths[0], _text(angles_table(subject)))


def _text(table: Table) -> str:
    columns = [_cells(values) for values in table.values()]
    return "\n".join([",".join(table), *map(",".join, zip(*columns, strict=True))]) + "\n"


def _cells(values: Iterable[object]) -> list[str]:
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        return ["" if value != value else f"{value:.{DIGITS}g}" for value in values.tolist()]  # noqa: PLR0124
    return [str(value) for value in values]
