"""Observations: what every camera saw of each participant, on the trial's common clock."""

from __future__ import annotations

from dataclasses import dataclass

from kineograph.model.shapes import FloatArray, IntArray, require_shape


@dataclass(frozen=True)
class Observations:
    """The keypoints of the participants in all cameras of a trial.

    F frames, P participants, K keypoints, C cameras.

    Attributes
    ----------
    participants, names, cameras : tuple of str
        P, K and C names; the cameras' are those in the dataset.
    calibrated_as : tuple of str
        C names of the same cameras in the calibration.
    skeleton : str
        Name of the skeleton card.
    position_px : (F, P, K, C, 2) array
        Where each camera saw the keypoint, px in the video as it is stored (with its lens distortion); NaN where not seen.
        The video's own in files, nominal ones (:mod:`~kineograph.geometry.nominal_pixels`) for stages.
    confidence : (F, P, K, C) array
        The network's own score; 0 where not seen.
    size_px : (C, 2) array of int
        Width and height of the cameras' images, px; 0 where unknown.
    time_s : (F,) array
        The common clock, s.
    fps_hz : float
        Its rate, Hz.
    """

    participants: tuple[str, ...]
    names: tuple[str, ...]
    cameras: tuple[str, ...]
    calibrated_as: tuple[str, ...]
    skeleton: str
    position_px: FloatArray
    confidence: FloatArray
    size_px: IntArray
    time_s: FloatArray
    fps_hz: float

    def __post_init__(self) -> None:
        cameras = len(self.cameras)
        shape = (len(self.time_s), len(self.participants), len(self.names), cameras)
        require_shape(self.position_px, (*shape, 2), "position_px")
        require_shape(self.confidence, shape, "confidence")
        require_shape(self.size_px, (cameras, 2), "size_px")
        if len(self.calibrated_as) != cameras:
            raise ValueError(f"{cameras} cameras have {len(self.calibrated_as)} names in the calibration")

    @property
    def n_frames(self) -> int:
        """F, the number of frames."""
        return len(self.time_s)
