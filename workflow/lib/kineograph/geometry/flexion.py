"""How far joints are bent, from three markers."""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray


def flexion_deg(position_m: FloatArray) -> FloatArray:
    """How far a joint is bent, (...,): 0 for three markers (..., 3, 3) in a line, degrees."""
    first = position_m[..., 0, :] - position_m[..., 1, :]
    second = position_m[..., 2, :] - position_m[..., 1, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = (first * second).sum(-1) / (np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1))
    bent: FloatArray = 180 - np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return bent
