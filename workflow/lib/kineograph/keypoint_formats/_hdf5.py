"""Reading HDF5 files of unknown origin: only numbers and texts that stand in the file itself, of sizes that fit the memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kineograph.keypoint_formats._reading import LARGEST_VALUES, Source
from kineograph.model.shapes import FloatArray

DAMAGE = (OSError, RuntimeError, KeyError, MemoryError, ValueError, TypeError, AttributeError, OverflowError)
"""What h5py raises where a file is damaged: names that are no text, types that it does not know, sizes that don't fit."""
SIGNATURE = b"\x89HDF\r\n\x1a\n"


@contextmanager
def open_file(source: Source) -> Iterator[Any]:
    """The file, as h5py's object.

    Raises
    ------
    InputError
        Where it is no HDF5 file or is damaged, also where that shows only while it is read.
    """
    import h5py

    with source.path.open("rb") as file:
        start = file.read(len(SIGNATURE))
    if not start:
        raise source.unusable("an empty file (0 bytes)")
    if start != SIGNATURE:
        raise source.unusable("a file that is not HDF5")
    try:
        with h5py.File(source.path, "r") as content:
            yield content
    except DAMAGE as error:
        raise source.unusable(f"an HDF5 file that is cut off or damaged ({str(error)[:120]})") from error


def dataset(source: Source, group: Any, name: str) -> Any:
    """A data set of a group.

    Raises
    ------
    InputError
        Where there is none of that name, or it stands in another file.
    """
    import h5py

    link = group.get(name, getlink=True) if name in group else None
    if link is None:
        raise source.unusable(f"no '{name}' among {', '.join(sorted(group)[:8]) or 'nothing'}")
    item = group[name] if isinstance(link, h5py.HardLink) else None
    if not isinstance(item, h5py.Dataset) or item.is_virtual or item.external:
        raise source.unusable(f"'{name}', which is no data set of this file")
    if item.size is None or item.size > LARGEST_VALUES:
        raise source.unusable(f"'{name}' with {item.size} values")
    return item


def array(source: Source, group: Any, name: str) -> NDArray[Any]:
    """A data set as an array, a table as a structured one."""
    found = dataset(source, group, name)
    if found.dtype.hasobject:
        raise source.unusable(f"'{name}', which holds no numbers")
    return np.asarray(found[()])


def numbers(source: Source, group: Any, name: str, ndim: int) -> FloatArray:
    """A data set of numbers with `ndim` axes."""
    values = array(source, group, name)
    if values.dtype.kind not in "fiub" or values.ndim != ndim:
        raise source.unusable(
            f"'{name}' of type {values.dtype} with {values.ndim} axes instead of {ndim} axes of numbers"
        )
    return values.astype(float)


def texts(source: Source, group: Any, name: str) -> tuple[str, ...]:
    """A data set that is a list of texts."""
    found = dataset(source, group, name)
    if found.ndim != 1 or found.size > 100_000 or found.dtype.kind not in "SO":
        raise source.unusable(f"'{name}' of type {found.dtype}, which is no list of names")
    return tuple(text(value) for value in found[()])


def text(value: Any) -> str:
    """A text or an attribute as a text."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.ravel()[0]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
