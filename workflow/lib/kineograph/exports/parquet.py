"""Tables of joint angles and points as Parquet: those of the CSV files in full precision; null where a value is missing."""

from __future__ import annotations

from pathlib import Path

from kineograph.exports._subject import Subject
from kineograph.exports._tables import Table, angles_table, points_table
from kineograph.io.atomic import atomic_path

LEVEL = "person"
FILES = (".angles.parquet", ".points.parquet")
NEEDS = ("points", "coordinates")


def write(paths: tuple[Path, ...], subject: Subject) -> None:
    """Write both files; that of the points also where no angles could be solved.

    Raises
    ------
    InputError
        Where the trial has no frame, or no frame was solved.
    """
    _write(paths[1], points_table(subject), subject)
    _write(paths[0], angles_table(subject), subject)


def _write(path: Path, table: Table, subject: Subject) -> None:
    import pyarrow
    import pyarrow.parquet

    columns = {name: pyarrow.array(values, from_pandas=True) for name, values in table.items()}
    about = {"session": subject.session, "trial": subject.trial, "participant": subject.participants[0]}
    whole = pyarrow.table(columns).replace_schema_metadata(about)
    with atomic_path(path) as temporary:
        pyarrow.parquet.write_table(whole, temporary, compression="zstd")
