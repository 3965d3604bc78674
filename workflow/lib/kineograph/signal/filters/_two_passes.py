"""A recursive low-pass filter run forwards and backwards over series, a band matrix a second-order section."""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray
from kineograph.signal.filters._cutoff import check_cutoff
from kineograph.signal.filters._ends import extended

PASSES = 2


def low_pass(values: FloatArray, rate_hz: float, cutoff_hz: float, order: int) -> FloatArray:
    """Butterworth filter of series (F, N), in two passes of half the order each, -3 dB at the cut-off for both together.

    The ends are continued by reflection about the end point, at most by F - 1 frames, so that runs of any length keep all
    their frames. The line between the two ends is taken out before and added again, so that a pass starts from rest, and a
    short run of constant velocity stays what it is.

    Raises
    ------
    ConfigError
        Where the cut-off is not below half the sampling rate.
    """
    check_cutoff(cutoff_hz, rate_hz)
    pad = min(int(np.ceil(3 * rate_hz / cutoff_hz)), len(values) - 1)
    if pad < 1:
        return values
    raise_by = (2 ** (1 / PASSES) - 1) ** (-1 / (2 * order / PASSES))
    sections = butterworth_sections(order // PASSES, np.tan(np.pi * cutoff_hz / rate_hz) * raise_by)
    series = extended(values, pad)
    chord = np.linspace(series[0], series[-1], len(series))
    series = series - chord
    for _ in range(PASSES):
        series = _one_pass(sections, series)[::-1]
    filtered: FloatArray = (series + chord)[pad:-pad]
    return filtered


def butterworth_sections(order: int, corner: float) -> FloatArray:
    """The digital filter of that order as sections (S, 2, 3): numerators and denominators in powers of the delay.

    The analogue filter's poles are spread over a half circle, and brought to discrete time by the bilinear transform.
    Source: Oppenheim & Schafer, Discrete-Time Signal Processing, 3rd ed., sections 7.2 and B.1.

    Parameters
    ----------
    order : int
        Order of the filter.
    corner : float
        Its corner on the analogue side, tan(pi * frequency / rate).
    """
    sections = []
    for index in range(order // 2):
        width = 2 * corner * np.sin(np.pi * (2 * index + 1) / (2 * order))
        lead = 1 + width + corner**2
        poles = [1.0, 2 * (corner**2 - 1) / lead, (1 - width + corner**2) / lead]
        sections.append([[corner**2 / lead * zero for zero in (1, 2, 1)], poles])
    if order % 2:
        gain = corner / (1 + corner)
        sections.append([[gain, gain, 0.0], [1.0, (corner - 1) / (1 + corner), 0.0]])
    return np.array(sections)


def _one_pass(sections: FloatArray, series: FloatArray) -> FloatArray:
    """The series filtered from the first frame, before which it was 0, each section's recursion one triangular system."""
    from scipy.linalg.lapack import dtbtrs

    for zeros, poles in sections:
        moved = zeros[0] * series
        moved[1:] += zeros[1] * series[:-1]
        moved[2:] += zeros[2] * series[:-2]
        series, _ = dtbtrs(np.tile(poles[:, None], len(series)), moved, uplo="L")
    return series
