"""Drawing what a camera saw and where the final points project, for pictures and videos alike."""

from __future__ import annotations

import argparse
import functools
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kineograph.calibration_formats import toml
from kineograph.cli._common_arguments import read_inputs, skeleton_card
from kineograph.geometry.projection import project
from kineograph.io.npz import read_npz
from kineograph.io.reports import read_synchronization
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.points import Points3D
from kineograph.model.shapes import FloatArray
from kineograph.model.synchronization import Synchronization
from kineograph.model.tracks import PersonTracks
from kineograph.signal.common_clock import camera_frames
from kineograph.stages.quality import SHOWN_CONFIDENCE

NO_SIZE = (640, 360)
SCALE_HEIGHT_PX = 1080
"""Lines and letters have their nominal size in a picture of this height."""


def add_trial_files(parser: argparse.ArgumentParser) -> None:
    """Add the files of a trial that :class:`CameraOverlay` reads."""
    for name in ("inputs", "calibration", "synchronization", "tracks", "points"):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="FILE")


class CameraOverlay:
    """What there is to draw on the frames of one camera.

    Parameters
    ----------
    args : argparse.Namespace
        What :func:`add_trial_files` adds.
    name : str
        The camera's.
    keypoints : Path
        Its keypoints.
    blur_faces : bool
        Whether heads are blurred before anything is drawn; frames without keypoints, whose people nobody knows, are then dark.
    """

    def __init__(self, args: argparse.Namespace, name: str, keypoints: Path, blur_faces: bool) -> None:
        self.name = name
        self.keypoints = read_npz(keypoints, Keypoints2D)
        calibrated = {item.name: item.calibrated_as for item in read_inputs(args.inputs).cameras}.get(self.name)
        camera = toml.read(args.calibration)[calibrated] if calibrated else None
        size = self.keypoints.size_px if self.keypoints.size_px[0] else camera.size_px if camera else NO_SIZE
        self.size_px = size
        self._blur = blur_faces
        self._heads: list[FloatArray] = []
        if not self.keypoints.n_frames:
            return
        self._skeleton = skeleton_card(self.keypoints.skeleton)
        tracks, points, clock = _results(args.tracks, args.points, args.synchronization)
        self._tracks = tracks
        self._column = tracks.cameras.index(self.name) if self.name in tracks.cameras else None
        self._time_s = clock.time_s
        self._moments: dict[int, list[int]] = {}
        self._projected: FloatArray | None = None
        self._own: FloatArray | None = None
        if self._column is not None:
            for moment, frame in enumerate(tracks.frame[:, self._column].tolist()):
                self._moments.setdefault(frame, []).append(moment)
            if camera is not None and points.n_frames:
                self._own = camera_frames(clock, clock.cameras.index(self.name))
                self._projected = project(camera, points.position_m)
        if blur_faces:
            from kineograph.signal.head_boxes import head_boxes

            self._heads = head_boxes(self.keypoints)

    def draw(self, image: NDArray[np.uint8], frame: int, scale: float = 1.0, *, bones: bool = False) -> None:
        """Draw on the picture of a frame, which was resized by `scale`: heads blurred, people, where points project, the time.

        With `bones` the projected points are joined to a skeleton; else they are rings.
        """
        from kineograph.pose import overlay

        if self._blur and frame >= self.keypoints.n_frames:
            image[:] = overlay.DARK  # nobody has looked for people in it
        if not self.keypoints.n_frames:
            overlay.label(image, f"{self.name}: no keypoints", image.shape[0] / SCALE_HEIGHT_PX)
            return
        if frame < len(self._heads):
            from kineograph.pose.faces import blur_heads

            blur_heads(image, self._heads[frame] * scale)
        size = image.shape[0] / SCALE_HEIGHT_PX
        moments = self._moments.get(frame, [])
        for detection in range(self.keypoints.position_px.shape[1] if frame < self.keypoints.n_frames else 0):
            position = self.keypoints.position_px[frame, detection] * scale
            position[self.keypoints.confidence[frame, detection] < SHOWN_CONFIDENCE] = np.nan
            mine = self._column is not None and bool(
                (self._tracks.detection[moments, :, self._column] == detection).any()
            )
            overlay.draw_person(image, position, self._skeleton, participant=mine, scale=size)
        text = f"{self.name} frame {frame}"
        if moments and self._projected is not None and self._own is not None:
            nearest = min(moments, key=lambda moment: abs(self._own[moment] - frame))  # type: ignore[index]
            for position in self._projected[nearest]:
                overlay.draw_projection(image, position * scale, scale=size, bones=self._skeleton if bones else None)
            text += f" ({self._time_s[nearest]:.2f} s)"
        overlay.label(image, text, size)


@functools.lru_cache(maxsize=1)
def _results(tracks: Path, points: Path, synchronization: Path) -> tuple[PersonTracks, Points3D, Synchronization]:
    """What a trial's cameras have in common, read once for all of them."""
    return read_npz(tracks, PersonTracks), read_npz(points, Points3D), read_synchronization(synchronization)
