"""What is read from an MP4's boxes is what FFmpeg says; what is no such file is left to FFmpeg."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from kineograph.dataset.mp4_header import read_mp4_header
from kineograph.errors import InputError
from kineograph.pose.header import header_facts
from kineograph.pose.video import video_facts


def write(path, codec="mp4v", fps=59.94, size=(160, 120), frames=12):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), fps, size)
    for number in range(frames):
        writer.write(np.full((size[1], size[0], 3), number, np.uint8))
    writer.release()
    return path


def turned(path, target, degrees):
    """The same video with a display rotation in its header."""
    import av

    with av.open(str(path)) as source, av.open(str(target), "w") as sink:
        stream = sink.add_stream_from_template(source.streams.video[0])
        stream.set_display_rotation(degrees)
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                sink.mux(packet)
    return target


@pytest.mark.parametrize("suffix", ["mp4", "mov"])
def test_it_says_what_ffmpeg_says(tmp_path, suffix):
    path = write(tmp_path / f"cam01.{suffix}")
    found = read_mp4_header(path)
    facts = video_facts(path)
    assert (found.size_px, found.n_frames, found.missing_bytes) == (facts.size_px, facts.n_frames, 0)
    assert found.fps_hz == pytest.approx(facts.fps_hz, rel=1e-6)


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_a_turned_video_has_the_size_that_is_shown(tmp_path, degrees):
    path = turned(write(tmp_path / "a.mp4"), tmp_path / "b.mp4", degrees)
    assert read_mp4_header(path).size_px == video_facts(path).size_px == ((160, 120) if degrees == 180 else (120, 160))


def test_other_files_are_left_to_ffmpeg(tmp_path):
    path = write(tmp_path / "cam01.avi", codec="MJPG")
    assert read_mp4_header(path) is None
    assert header_facts(path)[0].size_px == (160, 120)
    for content in (b"", b"garbage" * 1000, b"\x00\x00\x00\x01mdat" + b"\xff" * 60, b"\x00\x00\x00\x08moov" * 50):
        path.write_bytes(content)
        assert read_mp4_header(path) is None
        with pytest.raises(InputError):
            header_facts(path)


def test_a_file_that_was_cut_off(tmp_path):
    import av

    whole = write(tmp_path / "a.mp4")
    path = tmp_path / "b.mp4"
    with av.open(str(whole)) as source, av.open(str(path), "w", options={"movflags": "faststart"}) as sink:
        stream = sink.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                sink.mux(packet)
    size = path.stat().st_size
    assert header_facts(path)[1] is None
    path.write_bytes(path.read_bytes()[: size - 100])
    facts, error = header_facts(path)
    assert facts.n_frames == 12
    assert "100 are missing" in error.found
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])  # its header was at the end
    with pytest.raises(InputError):
        header_facts(whole)
