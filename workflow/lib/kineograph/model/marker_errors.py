"""MarkerErrors: how far each marker is from its place on the solved model, over time."""

from __future__ import annotations

from dataclasses import dataclass

from kineograph.model.shapes import FloatArray, require_shape


@dataclass(frozen=True)
class MarkerErrors:
    """Distances between measured markers and the model's.

    Attributes
    ----------
    markers : tuple of str
        M markers that were followed.
    error_m : (F, M) array
        m, NaN where a marker was missing or the frame was not solved.
    time_s : (F,) array
        s.
    """

    markers: tuple[str, ...]
    error_m: FloatArray
    time_s: FloatArray

    def __post_init__(self) -> None:
        require_shape(self.error_m, (len(self.time_s), len(self.markers)), "error_m")
