"""Series continued beyond their ends."""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray


def extended(values: FloatArray, frames: int) -> FloatArray:
    """Series (F, N) with so many frames more at each end, by reflection about the end points; at most F - 1 frames."""
    ahead, behind = values[frames:0:-1], values[-2 : -frames - 2 : -1]
    continued: FloatArray = np.concatenate([2 * values[:1] - ahead, values, 2 * values[-1:] - behind])
    return continued
