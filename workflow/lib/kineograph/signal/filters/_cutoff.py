"""Cut-off frequencies: which ones a frame rate allows."""

from __future__ import annotations

from kineograph.errors import ConfigError


def check_cutoff(cutoff_hz: float, rate_hz: float) -> None:
    """Refuse a cut-off that is not below half the sampling rate.

    Raises
    ------
    ConfigError
        Where it is not.
    """
    if cutoff_hz >= rate_hz / 2:
        raise ConfigError(
            "the cut-off frequency of the filter is too high",
            expected=f"cutoff_hz below half the frame rate, {rate_hz / 2:g} Hz",
            found=f"{cutoff_hz:g} Hz",
            hint="lower it (6 Hz for walking), or set the filter to none",
        )
