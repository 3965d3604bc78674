"""Can the clocks that movement tells be used? Pairs of views that tie cameras together, and trial on views not estimated from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kineograph.geometry.timing import ClockEstimate
from kineograph.geometry.view_pairs import ViewPairs
from kineograph.model.shapes import BoolArray, FloatArray

LINK_NOISE = 4.0
"""A pair of views ties two cameras if it disagrees by no more than so many times what noise accounts for ..."""
LINK_TYPICAL = 2.0
TYPICAL = 0.25
"""... and by no more than so many times this quantile of all pairs."""
MEAN_SIZE = 0.8
"""Mean size of a normal variable relative to its standard deviation."""
SMALLEST_PX = 0.1
"""Smoothing and interpolation between frames leave so much of keypoints that have no noise at all."""


def linked_cameras(
    pairs: ViewPairs, clocks: FloatArray, stretches: list[FloatArray], sure: BoolArray, noise_px: FloatArray
) -> tuple[BoolArray, dict[int, tuple[float, float]]]:
    """The largest set of cameras (C,) that are tied together by pairs which agree as well as right ones do; and the others.

    Wrong people, or the right ones at a wrong time, may agree better at some lag than at all others. They do not agree as well as
    noise lets the same person's views agree, nor as well as pairs that are right.
    """
    here = pairs.restricted(sure)
    sizes = {pair: here.restricted_to([pair]).disagreement_px(clocks, stretches) for pair in here.matrices}
    sizes = {pair: size for pair, size in sizes.items() if math.isfinite(size)}
    if not sizes:
        return np.zeros_like(sure), {}
    noise = {pair: max(MEAN_SIZE * float(np.hypot(*noise_px[list(pair)]) / np.sqrt(2)), SMALLEST_PX) for pair in sizes}
    typical = np.quantile([sizes[pair] / noise[pair] for pair in sizes], TYPICAL, method="lower")
    times = min(LINK_NOISE, LINK_TYPICAL * max(1.0, float(typical)))
    allowed = {pair: times * noise[pair] for pair in sizes}
    linked = np.diag(sure)
    for (i, j), size in sizes.items():
        linked[i, j] = linked[j, i] = size <= allowed[i, j]
    for _ in range(len(sure)):
        linked = linked @ linked
    best = max(linked[sure], key=lambda row: (row.sum(), row.tolist()))
    if best.sum() < 2:
        best = np.zeros_like(sure)
    loose = {}
    for camera in np.flatnonzero(sure & ~best).tolist():
        own = [
            (size, allowed[pair])
            for pair, size in sizes.items()
            if camera in pair and (best[list(pair)].any() or not best.any())
        ]
        if own:
            loose[camera] = min(own)
    return best, loose


@dataclass(frozen=True)
class HeldOut:
    """Clocks estimated from one half of a trial's stretches, and the other half to try them on; both ways."""

    pairs: ViewPairs
    estimates: list[ClockEstimate]
    held_out: list[list[FloatArray]]

    def disagreement_px(self, kept: BoolArray, camera: int | None = None) -> float:
        """Mean disagreement in the halves not estimated from, with the clocks `kept` (2, C) only, px; of one camera's pairs."""
        pairs = self.pairs if camera is None else self.pairs.of_camera(camera)
        found = [
            pairs.disagreement_px(np.where(kept, item.clocks, 0.0), rest)
            for item, rest in zip(self.estimates, self.held_out, strict=True)
        ]
        return float(np.mean(found))

    def worth_keeping(self, candidates: BoolArray, min_improvement: float) -> BoolArray:
        """The clocks (2, C) without which the views of their camera would agree less, by that part of it at least."""
        kept = candidates.copy()
        while kept.any():
            gains = {}
            for camera in np.flatnonzero(kept.any(axis=0)).tolist():
                own = self.disagreement_px(kept, camera)
                for kind in np.flatnonzero(kept[:, camera]).tolist():
                    fewer = kept.copy()
                    fewer[kind, camera] = False
                    gain = (self.disagreement_px(fewer, camera) - own) / own if own > 0 else 0.0
                    gains[kind, camera] = gain if math.isfinite(gain) else 0.0
            least = min(gains, key=lambda place: gains[place])
            if gains[least] >= min_improvement:
                break
            kept[least] = False
        return kept

    def improvement(self, kept: BoolArray) -> FloatArray:
        """Part (C,) by which the views of each camera agree better with its kept clocks than without; NaN where none is."""
        result = np.full(kept.shape[1], np.nan)
        for camera in np.flatnonzero(kept.any(axis=0)).tolist():
            fewer = kept.copy()
            fewer[:, camera] = False
            result[camera] = 1 - self.disagreement_px(kept, camera) / self.disagreement_px(fewer, camera)
        return result
