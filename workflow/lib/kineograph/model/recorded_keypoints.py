"""RecordedKeypoints: what a keypoint file of another tool says, before its keypoints are put on a skeleton."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kineograph.model.shapes import FloatArray, require_shape


@dataclass(frozen=True)
class RecordedKeypoints:
    """The keypoints of one camera as a file holds them.

    F frames, D detections or individuals, K keypoints of the file.

    Attributes
    ----------
    position_px : (F, D, K, 2) array
        Image positions, px.
    confidence : (F, D, K) array
        The tool's own score. NaN where it gives none: a point that a person has placed, or a file without scores.
    names : tuple of str or None
        The K names that the file gives; None where it lists them by number, in an order that its user has to know.
    source : str
        The file that they stand in, for messages.
    fps_hz : float
        Frames a second, where the file says so; else NaN.
    """

    position_px: FloatArray
    confidence: FloatArray
    names: tuple[str, ...] | None
    source: str
    fps_hz: float = math.nan

    def __post_init__(self) -> None:
        frames, detections, keypoints = self.position_px.shape[:3]
        require_shape(self.position_px, (frames, detections, keypoints, 2), "position_px")
        require_shape(self.confidence, (frames, detections, keypoints), "confidence")
        if self.names is not None and len(self.names) != keypoints:
            raise ValueError(f"{len(self.names)} names for {keypoints} keypoints")

    @property
    def n_frames(self) -> int:
        """F, the number of frames."""
        return int(self.position_px.shape[0])

    @property
    def n_keypoints(self) -> int:
        """K, the number of keypoints."""
        return int(self.position_px.shape[2])
