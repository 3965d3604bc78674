"""Arrays as text that a page's script unpacks: whole numbers of 16 bits in base64, as many steps of a quantum."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kineograph.model.shapes import FloatArray

MISSING = -(2**15)
LARGEST = 2**15 - 1


def packed(values: FloatArray, quantum: float) -> dict[str, Any]:
    """An array of numbers: rounded to `quantum`; NaN, and what is too large for it, as missing."""
    steps = values / quantum
    fits = np.isfinite(steps) & (np.abs(np.nan_to_num(steps)) <= LARGEST)
    whole = np.where(fits, np.round(np.where(fits, steps, 0)), MISSING).astype("<i2")
    return {"shape": list(values.shape), "quantum": quantum, "data": text(whole.tobytes())}


def packed_bytes(values: NDArray[Any]) -> dict[str, Any]:
    """An array of small whole numbers, 0 to 255."""
    return {"shape": list(values.shape), "data": text(values.astype(np.uint8).tobytes())}


def text(data: bytes) -> str:
    """Bytes in base64."""
    return base64.b64encode(data).decode()
