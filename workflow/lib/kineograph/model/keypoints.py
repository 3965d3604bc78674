"""Keypoints2D: what one camera saw, frame by frame and detection by detection."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from kineograph.model.shapes import FloatArray, IntArray, require_shape


@dataclass(frozen=True)
class Keypoints2D:
    """The keypoints of one camera's video.

    F frames, D detections at most in a frame (a detection is not yet a person), K keypoints. NaN means that there is none.

    Attributes
    ----------
    camera : str
        The camera's name in the dataset.
    skeleton : str
        Name of the skeleton card; `names` are its keypoints.
    names : tuple of str
        K keypoint names.
    position_px : (F, D, K, 2) array
        Image positions in the video as it is stored (with its lens distortion), px; the centre of the
        top-left pixel is (0, 0). In files they are the video's own pixels; stages get the nominal ones of
        :mod:`~kineograph.geometry.nominal_pixels`.
    confidence : (F, D, K) array
        The network's own score as it is, 0 where nothing was found. What it means is the network's: of RTMPose and RTMW the mean
        of two maxima, no probability, which can exceed 1; of ViTPose a heatmap's maximum; of RTMO and BlazePose between 0 and 1.
    bbox_px : (F, D, 4) array
        x0, y0, x1, y1 of each detection, px.
    fps_hz : float
        Frames a second; NaN where unknown.
    time_s : (F,) array
        Time of each frame on the camera's own clock, s: when the video shows it, counted from its first frame, also where the
        frame rate varies.
    size_px : tuple of int
        Width and height of the images, px; (0, 0) where unknown.
    track_id : (F, D) array
        A number for each person whom the camera follows from frame to frame; -1 where there is none, or nobody was followed.
        For looking at one camera's people in 2D: who is who is decided by the association, from all cameras.
    """

    camera: str
    skeleton: str
    names: tuple[str, ...]
    position_px: FloatArray
    confidence: FloatArray
    bbox_px: FloatArray
    fps_hz: float
    time_s: FloatArray
    size_px: tuple[int, int]
    track_id: IntArray = field(default_factory=lambda: np.zeros((0, 0), int))

    def __post_init__(self) -> None:
        frames, detections = self.position_px.shape[:2]
        if self.track_id.shape == (0, 0):
            object.__setattr__(self, "track_id", np.full((frames, detections), -1))
        require_shape(self.track_id, (frames, detections), "track_id")
        require_shape(self.position_px, (frames, detections, len(self.names), 2), "position_px")
        require_shape(self.confidence, (frames, detections, len(self.names)), "confidence")
        require_shape(self.bbox_px, (frames, detections, 4), "bbox_px")
        require_shape(self.time_s, (frames,), "time_s")

    @property
    def n_frames(self) -> int:
        """F, the number of frames."""
        return int(self.position_px.shape[0])
