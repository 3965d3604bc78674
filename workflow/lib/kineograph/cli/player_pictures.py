"""Make the small pictures of a trial's cameras for the player on its page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kineograph.cli._common_arguments import add_settings, json_argument
from kineograph.dataset.records import FILMED
from kineograph.errors import KineographError
from kineograph.io.npz import read_npz, write_npz
from kineograph.io.reports import read_synchronization
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.player_pictures import PlayerPictures
from kineograph.model.shapes import FloatArray, IntArray
from kineograph.model.synchronization import Synchronization
from kineograph.settings.text import from_json
from kineograph.signal.common_clock import camera_frames
from kineograph.stages.quality import PlayerSettings

if TYPE_CHECKING:
    from kineograph.pose.video import Footage, Image

BASE64 = 3 / 4
"""Bytes that fit into a byte of the page."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--synchronization", type=Path, required=True, metavar="FILE", help="the trial's common clock")
    parser.add_argument(
        "--cameras", type=json_argument, required=True, metavar="JSON", help="name, kind and path of each camera"
    )
    parser.add_argument(
        "--blur-faces",
        type=Path,
        nargs="*",
        metavar="FILE",
        help="the keypoints of the cameras, where heads are to be blurred",
    )
    add_settings(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the pictures (.npz)")


def run(args: argparse.Namespace) -> None:
    """Decode, reduce, blur, and write."""
    from kineograph.pose.player_pictures import player_pictures

    settings = from_json(PlayerSettings, args.settings)
    clock = read_synchronization(args.synchronization)
    recorded = {item["name"]: item for item in args.cameras}
    found = {item.camera: item for item in (read_npz(path, Keypoints2D) for path in args.blur_faces or [])}
    blur = args.blur_faces is not None
    cameras = [(name, _footage(recorded[name]), _Heads(found.get(name), blur)) for name in clock.cameras]
    most = int(settings.player_mb * 1e6 * BASE64)
    pictures: PlayerPictures = player_pictures(cameras, _frames(clock), settings.player_size_px, most)
    write_npz(args.out, pictures)


def _frames(clock: Synchronization) -> IntArray:
    """The camera's frame nearest to each frame of the common clock, (F, C); -1 before its first frame and in its gaps."""
    columns = [
        np.floor(np.nan_to_num(camera_frames(clock, camera), nan=-1.0) + 0.5) for camera in range(len(clock.cameras))
    ]
    frames = np.stack(columns, axis=1) if columns else np.zeros((clock.n_frames, 0))
    whole: IntArray = np.maximum(frames, -1).astype(int)
    return whole


def _footage(camera: dict[str, Any]) -> Footage | None:
    """What a camera recorded; None without a video, or with one that can't be read, as the pose stage's verdict says."""
    from kineograph.pose.video import Footage

    if camera["kind"] not in FILMED:
        return None
    try:
        return Footage(Path(camera["path"]))
    except KineographError as error:
        print(error, file=sys.stderr)
        return None


class _Heads:
    """Blurs the heads of everybody who was detected; frames in which nobody has looked for people become dark."""

    def __init__(self, keypoints: Keypoints2D | None, blur: bool) -> None:
        self._blur = blur
        self._boxes: list[FloatArray] = []
        if blur and keypoints is not None and keypoints.n_frames:
            from kineograph.signal.head_boxes import head_boxes

            self._boxes = head_boxes(keypoints)

    def __call__(self, image: Image, frame: int, scale: float) -> None:
        """Blur, in place, a picture of a frame that was resized."""
        if not self._blur:
            return
        if frame >= len(self._boxes):
            from kineograph.pose.overlay import DARK

            image[:] = DARK
            return
        from kineograph.pose.faces import blur_heads

        blur_heads(image, self._boxes[frame] * scale)
