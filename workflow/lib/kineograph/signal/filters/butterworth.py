"""Low-pass Butterworth filter, forwards and backwards: no phase lag.

Source: Winter, Biomechanics and Motor Control of Human Movement, 4th ed., section 3.4.4.2: two passes of a second-order
filter whose cut-off is raised so that the whole has its -3 dB point where it was asked for.
"""

from __future__ import annotations

from kineograph.model.shapes import FloatArray
from kineograph.signal.filters._two_passes import low_pass

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
PROMISES = ("linear", "straight_lines", "half_power_at_cutoff", "scale")


def apply(values: FloatArray, rate_hz: float, *, cutoff_hz: float, order: int) -> FloatArray:
    """Filter series (F, N) without gaps, sampled at `rate_hz`; a run of one frame is returned as it is.

    Raises
    ------
    ConfigError
        Where the cut-off is not below half the sampling rate.
    """
    return low_pass(values, rate_hz, cutoff_hz, order)
