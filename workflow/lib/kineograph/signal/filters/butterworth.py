"""Low-pass Butterworth filter, forwards and backwards: no phase lag.

Source: Winter, Biomechanics and Motor Control of Human Movement, 4th ed., section 3.4.4.2: two passes of a second-order
filter whose cut-off is raised so that the whole has its -3 dB point where it was asked for.
"""

from __future__ import annotations

import numpy as np

from kineograph.errors import ConfigError
from kineograph.model.shapes import FloatArray

PARAMETERS = {
    "cutoff_hz": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 6.0,
        "x-unit": "Hz",
        "description": "Frequency at which the filter (both passes together) lets 0.707 of the amplitude through.",
    },
    "order": {
        "type": "integer",
        "enum": [2, 4, 6, 8],
        "default": 4,
        "description": "Order of both passes together: 4 is two passes of a second-order filter.",
    },
}


def apply(values: FloatArray, rate_hz: float, *, cutoff_hz: float, order: int) -> FloatArray:
    """Filter series (F, N) without gaps, sampled at `rate_hz`.

    The ends are extended by reflection about the end point, at most by F - 1 frames, so that runs of any length keep all
    their frames; a run of one frame is returned as it is.

    Raises
    ------
    ConfigError
        Where the cut-off is not below half the sampling rate.
    """
    from scipy.signal import butter, sosfiltfilt

    if cutoff_hz >= rate_hz / 2:
        raise ConfigError(
            "the cut-off frequency of the Butterworth filter is too high",
            expected=f"filtering.cutoff_hz below half the frame rate, {rate_hz / 2:g} Hz",
            found=f"{cutoff_hz:g} Hz",
            hint="lower it (6 Hz for walking), or set filtering.method to none",
        )
    passes = 2
    raise_by = (2 ** (1 / passes) - 1) ** (-1 / (2 * order / passes))
    corner = np.arctan(np.tan(np.pi * cutoff_hz / rate_hz) * raise_by) * 2 / np.pi
    sections = butter(order // passes, corner, output="sos")
    settling = int(np.ceil(3 * rate_hz / cutoff_hz))
    pad = min(settling, len(values) - 1)
    if pad < 1:
        return values
    filtered: FloatArray = sosfiltfilt(sections, values, axis=0, padtype="odd", padlen=pad)
    return filtered
