"""TrialMarkers: what one trial shows of a participant's markers."""

from __future__ import annotations

from dataclasses import dataclass

from kineograph.model.shapes import FloatArray


@dataclass(frozen=True)
class TrialMarkers:
    """One trial's markers of the participant.

    Attributes
    ----------
    trial : str
        The trial's name.
    names : tuple of str
        M marker names.
    position_m : (F, M, 3) array
        m, NaN where missing.
    """

    trial: str
    names: tuple[str, ...]
    position_m: FloatArray
