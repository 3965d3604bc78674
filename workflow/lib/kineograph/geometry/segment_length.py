"""How long is a segment whose ends are seen with noise? Extremes trimmed, and the noise that lengthens it taken out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kineograph.model.shapes import FloatArray

QUARTILES_TO_SD = 1.349
"""Distance of the quartiles of a normal distribution whose standard deviation is 1."""
SHORTEST = 0.5
"""The correction never takes more than this part of a length: by then the noise is as large as the segment."""


@dataclass(frozen=True)
class SegmentLength:
    """A length measured over many frames.

    Attributes
    ----------
    length_m : float
        m; NaN where no frame shows it.
    spread_m : float
        Standard deviation over the frames, from the quartiles, m.
    noise_bias_m : float
        How much longer the mean over the frames was, m; 0 where it was not corrected.
    frames : int
        Frames that show it.
    """

    length_m: float
    spread_m: float
    noise_bias_m: float
    frames: int


def segment_length(distance_m: FloatArray, trimmed: float, *, correct_noise: bool) -> SegmentLength:
    """The length of a segment from the distance of its ends in each frame.

    Noise of the ends makes distances longer: what lies across the segment always adds to them. Where both ends' noise has the
    standard deviation s in their difference, in each direction alike, the distances follow a noncentral chi distribution with
    three degrees of freedom, whose spread is s and whose mean m is sqrt(L^2 + 2 s^2) up to terms of the order (s/L)^4. So
    L is taken as sqrt(m^2 - 2 s^2). Slow errors count as far as they vary over the frames; a constant one stays.

    Parameters
    ----------
    distance_m : (F,) array
        m, NaN where missing.
    trimmed : float
        Part of the most extreme distances that is left out of the mean, half on each side.
    correct_noise : bool
        Whether to take the noise out.
    """
    known = distance_m[np.isfinite(distance_m)]
    if not known.size:
        return SegmentLength(float("nan"), float("nan"), 0.0, 0)
    mean = trimmed_mean(known, trimmed)
    low, high = np.percentile(known, [25, 75])
    spread = float(high - low) / QUARTILES_TO_SD
    length = float(np.sqrt(max(mean**2 - 2 * spread**2, (SHORTEST * mean) ** 2))) if correct_noise else mean
    return SegmentLength(length, spread, mean - length, int(known.size))


def trimmed_mean(values: FloatArray, trimmed: float) -> float:
    """The mean of finite values without the part `trimmed` of them that is most extreme, half on each side; NaN of none."""
    ordered = np.sort(values[np.isfinite(values)])
    cut = int(len(ordered) * trimmed / 2)
    kept = ordered[cut : len(ordered) - cut]
    return float(kept.mean()) if kept.size else float("nan")
