"""Synchronization: how the cameras' clocks relate, and the common clock of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from kineograph.model.shapes import FloatArray, require_shape


@dataclass(frozen=True)
class Synchronization:
    """Each camera's clock against the trial's common clock: ``t_camera = (t_common - offset_s) * (1 + drift_ppm / 1e6)``.

    A camera's own clock is zero at its first frame, and its frame n is at ``n / camera_fps_hz``.

    Attributes
    ----------
    cameras : tuple of str
        The C cameras that take part, by their names in the dataset.
    offset_s : (C,) array
        When the camera's first frame was taken, s on the common clock.
    drift_ppm : (C,) array
        How much faster than the common clock a camera's clock runs, parts in a million.
    fps_hz : float
        Rate of the common clock, Hz.
    start_s : float
        Common time of frame 0, s.
    n_frames : int
        F, the number of frames on the common clock; it spans every frame of every camera unless a range was asked for.
    camera_fps_hz : (C,) array
        Frame rate of each camera, Hz; without it, that of the common clock.
    frame_time_s : dict of str to (frames,) array
        For cameras of which the time of every frame is known: those times on the common clock, s, increasing. They go before
        the camera's offset, drift and rate.
    """

    cameras: tuple[str, ...]
    offset_s: FloatArray
    drift_ppm: FloatArray
    fps_hz: float
    start_s: float
    n_frames: int
    camera_fps_hz: FloatArray = field(default_factory=lambda: np.zeros(0))
    frame_time_s: Mapping[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.camera_fps_hz.size:
            object.__setattr__(self, "camera_fps_hz", np.full(len(self.cameras), self.fps_hz))
        for name in ("offset_s", "drift_ppm", "camera_fps_hz"):
            require_shape(getattr(self, name), (len(self.cameras),), name)

    @property
    def time_s(self) -> FloatArray:
        """Common time of each frame, shape (F,), s."""
        time: FloatArray = self.start_s + np.arange(self.n_frames) / self.fps_hz
        return time
