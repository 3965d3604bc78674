"""TrialInputs: what a trial's cameras recorded, and which calibrated camera each of them is."""

from __future__ import annotations

from dataclasses import dataclass

SAME_RATE = 1e-4
"""Frame rates that differ by less than this part are one rate: files round them, and clocks differ by as much."""


@dataclass(frozen=True)
class CameraInput:
    """One camera of a trial.

    Attributes
    ----------
    name : str
        Its name in the dataset.
    calibrated_as : str
        Its name in the calibration; empty where it has none.
    usable : bool
        False where it is not calibrated, can't be read, or does not fit its calibration.
    fps_hz : float
        Frame rate, Hz; NaN where unknown.
    n_frames : int
        Number of frames, as its file states.
    size_px : tuple of int
        Width and height, px; (0, 0) where unknown.
    """

    name: str
    calibrated_as: str
    usable: bool
    fps_hz: float
    n_frames: int
    size_px: tuple[int, int]


@dataclass(frozen=True)
class TrialInputs:
    """The cameras of a trial and their highest frame rate.

    Attributes
    ----------
    cameras : tuple of CameraInput
        In the dataset's order.
    fps_hz : float
        The highest frame rate of the usable cameras, Hz; NaN where there is none.
    """

    cameras: tuple[CameraInput, ...]
    fps_hz: float

    @property
    def usable(self) -> tuple[CameraInput, ...]:
        """The cameras that can take part in the reconstruction."""
        return tuple(camera for camera in self.cameras if camera.usable)
