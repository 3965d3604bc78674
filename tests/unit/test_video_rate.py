"""The frame rate in a video's header is what a decoder says of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from kineograph.dataset.video_rate import stated_frames, stated_rate_hz


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "mp4v"), ("mov", "mp4v"), ("avi", "MJPG")])
@pytest.mark.parametrize("rate_hz", [25.0, 59.94, 120.0])
def test_videos(suffix, codec, rate_hz, tmp_path):
    path = tmp_path / f"a.{suffix}"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), rate_hz, (32, 24))
    for _ in range(5):
        writer.write(np.zeros((24, 32, 3), np.uint8))
    writer.release()
    assert stated_rate_hz(path) == pytest.approx(rate_hz, rel=1e-3)
    assert stated_frames(path) == 5


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"RIFFxxxxAVI ", b"\x00\x00\x00\x01moov\x00", b"\x00" * 100, b"\x00\x00\x00\x10trak"]
)
def test_files_that_say_nothing(content, tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    assert stated_rate_hz(path) is None
    assert stated_frames(path) is None
    assert stated_rate_hz(tmp_path / "nowhere.mp4") is None


@pytest.mark.needs_demo
def test_the_demos_videos(fetched):
    for camera in range(1, 5):
        assert stated_rate_hz(fetched("demo_single") / "videos" / f"cam0{camera}.mp4") == pytest.approx(60, rel=1e-3)
