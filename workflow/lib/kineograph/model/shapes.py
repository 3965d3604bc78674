"""Shape checks shared by the data classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def finite(array: NDArray[Any]) -> BoolArray:
    """True where all values along the last axis are finite: (..., n) to (...)."""
    result: BoolArray = np.isfinite(array).all(axis=-1)
    return result


def require_shape(array: NDArray[Any], shape: tuple[int | None, ...], name: str) -> None:
    """Raise ValueError unless `array` has `shape`; None stands for any length.

    A wrong shape is a bug of the caller, not of the user: hence no InputError.
    """
    matches = array.ndim == len(shape) and all(
        want is None or want == have for want, have in zip(shape, array.shape, strict=True)
    )
    if not matches:
        wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
        raise ValueError(f"{name} has shape {array.shape}, expected {wanted}")
