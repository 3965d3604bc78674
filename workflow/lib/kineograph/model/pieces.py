"""A person as one camera shows them for some time."""

from __future__ import annotations

from dataclasses import dataclass

from kineograph.model.shapes import FloatArray


@dataclass(frozen=True, eq=False)
class Piece:
    """Some frames of one person in one camera.

    Attributes
    ----------
    start : int
        Its first frame, as if all cameras had started together.
    position_px : (F, K, 2) array
        Undistorted and smoothed image points, px; NaN where not known.
    """

    start: int
    position_px: FloatArray

    @property
    def stop(self) -> int:
        """The frame after its last."""
        return self.start + len(self.position_px)
