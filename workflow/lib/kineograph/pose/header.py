"""The facts of a video without decoding it, so that hundreds can be looked at before a run."""

from __future__ import annotations

from pathlib import Path

from kineograph.dataset.mp4_header import read_mp4_header
from kineograph.errors import InputError
from kineograph.pose.video import VideoFacts, video_facts


def header_facts(path: Path) -> tuple[VideoFacts, InputError | None]:
    """What a video's header says, and the error where the file is shorter than its header says.

    Where the header can't be read without a decoder, the facts are those of :func:`kineograph.pose.video.video_facts`.

    Raises
    ------
    InputError
        Where the file can't be read as a video.
    """
    found = read_mp4_header(path) if path.is_file() else None
    if found is None:
        return video_facts(path), None
    facts = VideoFacts(found.size_px, found.fps_hz, found.n_frames)
    return facts, _cut_off(path, found.missing_bytes) if found.missing_bytes else None


def _cut_off(path: Path, missing_bytes: int) -> InputError:
    size = path.stat().st_size
    return InputError(
        f"{path} is cut off",
        expected=f"{size + missing_bytes} bytes, as its header says",
        found=f"{size} bytes: {missing_bytes} are missing at its end, and the frames in them",
        hint="copy the file again from the camera",
    )
