"""The data classes as NPZ files: the same bytes from the same data."""

from __future__ import annotations

import dataclasses
import typing
import zipfile
import zlib
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from kineograph.errors import InputError
from kineograph.io.atomic import atomic_path

T = TypeVar("T")

SINGLE_PRECISION = {"position_px", "confidence", "bbox_px", "covariance_m2", "reprojection_error_px"}
"""Fields stored as float32: their rounding (1e-4 px in a 4K image) is far below what is measured."""


def write_npz(path: Path, record: Any) -> None:
    """Write a data class to a compressed NPZ file, atomically."""
    arrays = {
        field.name: _stored(field.name, getattr(record, field.name))
        for field in dataclasses.fields(record)
        if field.init
    }
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, class_name=np.array(type(record).__name__), allow_pickle=False, **arrays)


def read_npz(path: Path, cls: type[T]) -> T:
    """Read a data class from its NPZ file; fields that have a default may be absent, as in files of earlier versions.

    Raises
    ------
    InputError
        Where the file is not there, is damaged, or holds another class.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except FileNotFoundError as error:
        raise _unusable(path, cls, "no such file") from error
    except (ValueError, zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as error:
        raise _unusable(path, cls, f"a damaged file ({error})") from error
    if str(arrays.get("class_name")) != cls.__name__:
        raise _unusable(path, cls, f"{arrays.get('class_name', 'an NPZ file of another kind')}")
    hints = typing.get_type_hints(cls)
    fields = [field for field in dataclasses.fields(cls) if field.init]  # type: ignore[arg-type]
    for field in fields:
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and field.name not in arrays:
            raise _unusable(path, cls, f"a file without '{field.name}'")
    return cls(
        **{field.name: _loaded(arrays[field.name], hints[field.name]) for field in fields if field.name in arrays}
    )


def _unusable(path: Path, cls: type[Any], found: str) -> InputError:
    return InputError(
        f"{path} can't be read",
        expected=f"a {cls.__name__} file as Kineograph writes it",
        found=found,
        hint="remove the file and run the workflow again",
    )


def _stored(name: str, value: Any) -> np.ndarray[Any, Any]:
    array = np.asarray(value)
    return array.astype(np.float32) if name in SINGLE_PRECISION else array


def _loaded(array: np.ndarray[Any, Any], hint: Any) -> Any:
    if hint is str:
        return str(array)
    if hint is float:
        return float(array)
    if hint is int:
        return int(array)
    if typing.get_origin(hint) is tuple:
        return tuple(item.item() if hasattr(item, "item") else item for item in array)
    if array.dtype == np.float32:
        return array.astype(np.float64)
    return array
