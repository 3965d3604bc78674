"""Keypoints as DeepLabCut writes them: a table a camera, as .h5 (pandas' fixed or table form) or as .csv.

Columns have three or four names: scorer, individuals (of projects with several), bodyparts, coords (x, y, likelihood); see
https://deeplabcut.github.io/DeepLabCut/docs/standardDeepLabCut_UserGuide.html. Rows are frames. The .h5 is read without
pandas and PyTables: what pandas pickles into it, the columns' names, is read without running anything.
"""

from __future__ import annotations

import csv
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kineograph.io.guarded import guarded
from kineograph.io.inert_pickle import read_inert
from kineograph.keypoint_formats import _hdf5
from kineograph.keypoint_formats._reading import LARGEST_BYTES, Source
from kineograph.model.recorded_keypoints import RecordedKeypoints
from kineograph.model.shapes import FloatArray

FILES = r"(?P<camera>.+?)(DLC_.*|_superanimal_.*)?(?i:\.(h5|hdf5|csv))"
ENDINGS = (".h5", ".hdf5", ".csv")
MARKS = ("PYTABLES_FORMAT_VERSION", "bodyparts")

HEADER = ("scorer", "individuals", "bodyparts", "coords")
COORDS = ("x", "y", "likelihood")
ALONE = ""
"""The individual of a project without individuals."""

Column = tuple[str, str, str]
"""Individual, body part and coordinate."""


@guarded
def read(path: Path) -> RecordedKeypoints:
    """Read a camera's keypoints. Tables of labels, which have no likelihood, have confidence NaN.

    Raises
    ------
    InputError
        Where it is no such table.
    """
    source = Source(path, "DeepLabCut", "a table with the header rows scorer, bodyparts and coords, as .h5 or .csv")
    columns, values = _from_csv(source) if path.suffix.lower() == ".csv" else _from_hdf5(source)
    if not len(values):
        raise source.unusable("a table without rows")
    people = list(dict.fromkeys(person for person, _, coord in columns if coord in COORDS))
    parts = list(dict.fromkeys(part for _, part, coord in columns if coord in COORDS))
    if not parts:
        raise source.unusable("no column of x and y")
    if len(set(columns)) != len(columns):
        raise source.unusable("two columns of one name")
    source.check_size((len(values), len(people), len(parts), len(COORDS)))
    result = np.full((len(values), len(people), len(parts), len(COORDS)), np.nan)
    for column, (person, part, coord) in zip(values.T, columns, strict=True):
        if coord in COORDS:
            result[:, people.index(person), parts.index(part), COORDS.index(coord)] = column
    # Where a table has likelihoods, an empty one says that nothing was found.
    if "likelihood" in {coord for *_, coord in columns}:
        result[..., 2] = np.nan_to_num(result[..., 2])
    return RecordedKeypoints(result[..., :2], result[..., 2], tuple(parts), path.name)


def _columns(source: Source, rows: Sequence[Sequence[str]], names: Sequence[str]) -> list[Column]:
    """The columns, from the rows of the header and their names."""
    if not {"bodyparts", "coords"} <= set(names):
        raise source.unusable(f"a table whose header has {', '.join(names) or 'no names'}")
    parts, coords = rows[names.index("bodyparts")], rows[names.index("coords")]
    people = rows[names.index("individuals")] if "individuals" in names else [ALONE] * len(parts)
    return list(zip(people, parts, coords, strict=True))


def _from_csv(source: Source) -> tuple[list[Column], FloatArray]:
    if source.path.stat().st_size > LARGEST_BYTES:
        raise source.unusable("a table of more than 1 GB", hint="read DeepLabCut's .h5 instead")
    header: dict[str, list[str]] = {}
    body: list[list[float]] = []
    width = None
    try:
        with source.path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.reader(file):
                if not row:
                    continue
                if row[0] in HEADER and not body:
                    header[row[0]] = row[1:]
                else:
                    body.append([float(cell) if cell.strip() else np.nan for cell in row[1:]])
                width = len(row) if width is None else width
                if len(row) != width:
                    raise source.unusable(f"a line of {len(row)} columns where the others have {width}")
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise source.unusable(f"a line that is no table's ({error})") from error
    if width is None:
        raise source.unusable("an empty file")
    names = list(header)
    return _columns(source, list(header.values()), names), np.array(body, dtype=float).reshape(len(body), width - 1)


def _from_hdf5(source: Source) -> tuple[list[Column], FloatArray]:
    with _hdf5.open_file(source) as content:
        keys = [key for key in content if "table" in content[key] or "block0_values" in content[key]]
        if len(keys) != 1:
            raise source.unusable(f"{len(keys)} tables among {', '.join(sorted(content)[:8]) or 'nothing'}")
        group = content[keys[0]]
        return _table_form(source, group) if "table" in group else _fixed_form(source, group)


def _table_form(source: Source, group: Any) -> tuple[list[Column], FloatArray]:
    """Pandas' table form: rows of one block of values; the columns' names in pickled attributes."""
    table = _hdf5.array(source, group, "table")
    if table.dtype.names is None or "values_block_0" not in table.dtype.names or "values_block_1" in table.dtype.names:
        raise source.unusable(f"a table with the columns {table.dtype.names}")
    values = np.asarray(table["values_block_0"], dtype=float).reshape(len(table), -1)
    try:
        (_, columns), *_ = read_inert(bytes(group.attrs["non_index_axes"]))
        names = [str(name) for name in read_inert(bytes(group.attrs["info"]))[1]["names"]]
        rows = [[str(name) for name in row] for row in zip(*columns, strict=True)]
    except (KeyError, TypeError, IndexError, ValueError, pickle.UnpicklingError) as error:
        raise source.unusable(f"a table whose columns' names can't be read ({str(error)[:120]})") from error
    if len(rows) != len(names) or any(len(row) != values.shape[1] for row in rows):
        raise source.unusable(f"{values.shape[1]} columns with {len(columns)} names")
    return _columns(source, rows, names), values


def _fixed_form(source: Source, group: Any) -> tuple[list[Column], FloatArray]:
    """Pandas' fixed form: one block of values; the columns' names as levels and the number of each column's level."""
    if int(group.attrs.get("nblocks", 1)) != 1:
        raise source.unusable("a table of several kinds of values")
    values = _hdf5.numbers(source, group, "block0_values", 2)
    count = sum(name.startswith("block0_items_level") for name in group)
    names, rows = [], []
    for level in range(count):
        words = _hdf5.texts(source, group, f"block0_items_level{level}")
        places = _hdf5.numbers(source, group, f"block0_items_label{level}", 1).astype(int)
        if len(places) != values.shape[1] or (len(places) and not 0 <= places.min() <= places.max() < len(words)):
            raise source.unusable(f"{values.shape[1]} columns with {len(places)} names")
        names.append(_hdf5.text(group[f"block0_items_level{level}"].attrs.get("name", b"")))
        rows.append([words[place] for place in places])
    return _columns(source, rows, names), values
