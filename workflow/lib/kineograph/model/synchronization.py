"""Synchronization: how the cameras' clocks relate, and the common clock of a trial."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kineograph.model.shapes import FloatArray, require_shape


@dataclass(frozen=True)
class Synchronization:
    """Each camera's clock against the trial's common clock: ``t_common = t_camera + offset_s``.

    Attributes
    ----------
    cameras : tuple of str
        The C cameras that take part, by their names in the dataset.
    offset_s : (C,) array
        s; 0 for cameras that started together.
    drift_ppm : (C,) array
        How much faster than the common clock a camera's clock runs, parts in a million.
    fps_hz : float
        Rate of the common clock, Hz.
    start_s : float
        Common time of frame 0, s.
    n_frames : int
        F, the number of frames on the common clock; it spans every frame of every camera unless a range was asked for.
    """

    cameras: tuple[str, ...]
    offset_s: FloatArray
    drift_ppm: FloatArray
    fps_hz: float
    start_s: float
    n_frames: int

    def __post_init__(self) -> None:
        require_shape(self.offset_s, (len(self.cameras),), "offset_s")
        require_shape(self.drift_ppm, (len(self.cameras),), "drift_ppm")

    @property
    def time_s(self) -> FloatArray:
        """Common time of each frame, shape (F,), s."""
        time: FloatArray = self.start_s + np.arange(self.n_frames) / self.fps_hz
        return time
