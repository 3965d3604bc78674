"""Points3D: keypoints in space, each with its uncertainty and how it came about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from kineograph.model.shapes import FloatArray, IntArray, require_shape


class Origin(IntEnum):
    """How a 3D point came about."""

    MISSING = 0
    """No position: too few cameras, or none that agree."""
    TRIANGULATED = 1
    """Measured in this very frame; with the temporal solution, together with the frames around."""
    INTERPOLATED = 2
    """Filled between measured frames."""
    SWAPPED = 3
    """Measured in this very frame, after left and right were exchanged in one of the cameras used."""
    PREDICTED = 4
    """From the frames around (temporal solution), with fewer cameras of its own than were asked for."""
    REJECTED = 5
    """Measured, but far from its track: replaced between the frames around."""
    AUGMENTED = 6
    """A marker that a network placed from the keypoints."""


@dataclass(frozen=True)
class Points3D:
    """The keypoints of the participants of a trial in space, world axes (right-handed, z up), m.

    F frames, P participants, K keypoints, C cameras. NaN means missing.

    Attributes
    ----------
    participants, names, cameras : tuple of str
        P, K and C names.
    skeleton : str
        Name of the skeleton card.
    position_m : (F, P, K, 3) array
        m.
    covariance_m2 : (F, P, K, 3, 3) array
        Covariance of the position, m^2; NaN where it was not measured in this very frame. After filtering it is that of the
        smoothed position where the filter works with covariances (`smoother`). Other filters leave it as it was: they lessen the
        error that changes from frame to frame, not the one that stays, and add what of the movement they cut off.
    reprojection_error_px : (F, P, K) array
        Mean distance between the point's projections and the keypoints used, px of an image whose longer side is 1920.
    cameras_used : (F, P, K, C) array of bool
        The cameras whose keypoint was used.
    origin : (F, P, K) array of uint8
        How each point came about, see :class:`Origin`.
    time_s : (F,) array
        The common clock, s.
    fps_hz : float
        Its rate, Hz.
    """

    participants: tuple[str, ...]
    names: tuple[str, ...]
    cameras: tuple[str, ...]
    skeleton: str
    position_m: FloatArray
    covariance_m2: FloatArray
    reprojection_error_px: FloatArray
    cameras_used: NDArray[np.bool_]
    origin: IntArray
    time_s: FloatArray
    fps_hz: float

    def __post_init__(self) -> None:
        shape = (len(self.time_s), len(self.participants), len(self.names))
        require_shape(self.position_m, (*shape, 3), "position_m")
        require_shape(self.covariance_m2, (*shape, 3, 3), "covariance_m2")
        require_shape(self.reprojection_error_px, shape, "reprojection_error_px")
        require_shape(self.cameras_used, (*shape, len(self.cameras)), "cameras_used")
        require_shape(self.origin, shape, "origin")

    @classmethod
    def all_missing(
        cls,
        participants: tuple[str, ...],
        names: tuple[str, ...] = (),
        cameras: tuple[str, ...] = (),
        skeleton: str = "",
        time_s: FloatArray | None = None,
        fps_hz: float = float("nan"),
    ) -> Points3D:
        """Points of which none has a position; without `time_s` (F,), s, there is no frame either."""
        time_s = np.zeros(0) if time_s is None else time_s
        shape = (len(time_s), len(participants), len(names))
        return cls(
            participants,
            names,
            cameras,
            skeleton,
            np.full((*shape, 3), np.nan),
            np.full((*shape, 3, 3), np.nan),
            np.full(shape, np.nan),
            np.zeros((*shape, len(cameras)), bool),
            np.full(shape, int(Origin.MISSING)),
            time_s,
            fps_hz,
        )

    @property
    def n_frames(self) -> int:
        """F, the number of frames."""
        return len(self.time_s)

    @property
    def measured(self) -> NDArray[np.bool_]:
        """(F, P, K): True for points measured in this very frame, with or without an exchange of left and right."""
        return np.isin(self.origin, (Origin.TRIANGULATED, Origin.SWAPPED))
