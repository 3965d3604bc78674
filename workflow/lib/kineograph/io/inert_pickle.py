"""Reading pickles of dicts, lists, numbers, texts and numpy arrays without running anything that they name.

A pickle is a program: it may name any function of any module and have it called. Here the few names that numpy's arrays
are made of stand for inert stand-ins that only keep what they are given; every other name is an error. Even numpy's own
reconstruction is not run, as it trusts what it is given.
"""

from __future__ import annotations

import functools
import io
import math
import pickle
from typing import Any

import numpy as np

KINDS = "fiub"
"""Kinds of numbers that an array may hold: floats, integers with and without sign, booleans."""


def read_inert(content: bytes) -> Any:
    """The value that a pickle describes, with its arrays as numpy arrays.

    Raises
    ------
    pickle.UnpicklingError
        Where the bytes are no pickle, or name anything but the parts of numpy's arrays.
    ValueError
        Where what they say of an array does not fit together.
    """
    try:
        return _plain(_Unpickler(io.BytesIO(content)).load(), {})
    except (pickle.UnpicklingError, ValueError):
        raise
    except (
        Exception
    ) as error:  # damaged opcodes end in errors of every kind; none of them comes from code that was named
        raise pickle.UnpicklingError(f"a damaged pickle ({type(error).__name__}: {error})") from error


class _Dtype:
    """What a pickle says of an array's numbers: the code of their kind and size, and their byte order."""

    def __init__(self, code: Any = "", *_: Any) -> None:
        self.code = code
        self.order = "<"

    def __setstate__(self, state: Any) -> None:
        self.order = state[1]

    def make(self) -> np.dtype[Any]:
        if not isinstance(self.code, str) or self.code[:1] not in KINDS or not self.code[1:].isdigit():
            raise ValueError(f"an array of {self.code!r}, not of numbers")
        return np.dtype((self.order if self.order in ("<", ">") else "") + self.code)


class _Array:
    """What a pickle says of an array: shape, kind of numbers, order and bytes."""

    def __init__(self, *_: Any) -> None:
        self.state: tuple[Any, ...] = ()

    def __setstate__(self, state: Any) -> None:
        self.state = tuple(state)[-4:]

    def make(self) -> Any:
        shape, dtype, by_columns, content = self.state
        kind = dtype.make()
        count = math.prod(int(length) for length in shape)
        if not isinstance(content, (bytes, bytearray)) or len(content) != count * kind.itemsize:
            raise ValueError(f"an array of shape {shape} without its bytes")
        return np.frombuffer(bytes(content), kind).reshape(shape, order="F" if by_columns else "C")


def _reconstruct(*_: Any) -> _Array:
    return _Array()


def _from_buffer(content: Any, dtype: Any, shape: Any, order: Any) -> _Array:
    array = _Array()
    array.state = (shape, dtype, order == "F", content)
    return array


def _scalar(dtype: Any, content: Any) -> _Array:
    array = _Array()
    array.state = ((), dtype, False, content)
    return array


def _encode(text: Any, encoding: Any = "") -> bytes:
    """Bytes, as pickles of protocol 2 hold them."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"text to be encoded as {encoding!r}")
    return bytes(str(text).encode("latin1"))


ARRAYS = {"_reconstruct": _reconstruct, "scalar": _scalar}
STAND_INS: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encode,
    **{(f"numpy.{core}.multiarray", name): item for core in ("core", "_core") for name, item in ARRAYS.items()},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _from_buffer for core in ("core", "_core")},
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return functools.partial(STAND_INS[module, name])  # so that a pickle can't change the stand-in itself
        except KeyError:
            raise pickle.UnpicklingError(f"a pickle that wants to run {module}.{name}, which was not run") from None


def _plain(value: Any, known: dict[int, Any]) -> Any:
    """The value with arrays in place of stand-ins; what occurs twice is made once, or a small pickle could describe a huge value.

    Raises
    ------
    ValueError
        Where it holds itself, or anything but numbers, texts, arrays and collections of them.
    """
    if isinstance(value, (dict, list, tuple)):
        if id(value) not in known:
            known[id(value)] = _UNFINISHED
            if isinstance(value, dict):
                known[id(value)] = {key: _plain(item, known) for key, item in value.items()}
            else:
                known[id(value)] = [_plain(item, known) for item in value]
        if known[id(value)] is _UNFINISHED:
            raise ValueError("a collection that holds itself")
        return known[id(value)]
    if isinstance(value, _Array):
        return value.make()
    if value is None or isinstance(value, (str, bytes, int, float)):
        return value
    raise ValueError(f"a {type(value).__name__}, which is no number, text or array")


_UNFINISHED = object()
