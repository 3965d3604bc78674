"""PersonTracks: which detection each participant is, in every frame of every camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kineograph.model.shapes import FloatArray, IntArray, require_shape

NOT_SEEN = -1


@dataclass(frozen=True)
class PersonTracks:
    """The detection that shows each participant.

    Attributes
    ----------
    participants : tuple of str
        The P participants of the trial sheet, in its order.
    cameras : tuple of str
        The C cameras, by their names in the dataset.
    detection : (F, P, C) array of int
        Index of the detection in that camera's nearest frame; -1 where the participant was not seen.
    frame : (F, C) array of int
        The camera's frame nearest to each frame of the common clock; -1 where it has none.
    time_s : (F,) array
        The common clock, s.
    fps_hz : float
        Its rate, Hz.
    """

    participants: tuple[str, ...]
    cameras: tuple[str, ...]
    detection: IntArray
    frame: IntArray
    time_s: FloatArray
    fps_hz: float

    def __post_init__(self) -> None:
        frames, people, cameras = len(self.time_s), len(self.participants), len(self.cameras)
        require_shape(self.detection, (frames, people, cameras), "detection")
        require_shape(self.frame, (frames, cameras), "frame")
        require_shape(self.time_s, (frames,), "time_s")

    @classmethod
    def of_nobody(
        cls,
        participants: tuple[str, ...],
        cameras: tuple[str, ...] = (),
        time_s: FloatArray | None = None,
        fps_hz: float = float("nan"),
    ) -> PersonTracks:
        """Tracks in which no detection is anybody's; without `time_s` (F,), s, there is no frame either."""
        time_s = np.zeros(0) if time_s is None else time_s
        detection = np.full((len(time_s), len(participants), len(cameras)), NOT_SEEN)
        return cls(participants, cameras, detection, np.full((len(time_s), len(cameras)), NOT_SEEN), time_s, fps_hz)
