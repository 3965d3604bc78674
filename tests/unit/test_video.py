"""Which frame is which, when it is shown, and what is said of files that are damaged or none."""

from __future__ import annotations

import json
import re
import struct

import cv2
import numpy as np
import pytest

from kineograph.cli.__main__ import main
from kineograph.errors import InputError
from kineograph.pose import video
from synthetic.networks import write_cards
from synthetic.videos import moving_texture, write_video

GOP = {"g": "12", "bf": "2"}
OPEN_GOP = {"x264-params": "open-gop=1:keyint=12:bframes=3:b-pyramid=normal:scenecut=0"}


def jpeg_places(path):
    """Where the pictures of a motion JPEG begin in its file."""
    return [match.start() for match in re.finditer(b"\xff\xd8\xff", path.read_bytes())]


def damaged(path, start, length=1500):
    content = bytearray(path.read_bytes())
    content[start : start + length] = bytes(length)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "libx264", OPEN_GOP), ("a.mkv", "libx264", OPEN_GOP), ("a.ts", "libx264", OPEN_GOP),
        ("b.mp4", "libx264", {"x264-params": "keyint=40:intra-refresh=1:scenecut=0"}), ("a.avi", "mpeg4", GOP),
        ("a.mov", "mjpeg", {}), ("a.webm", "libvpx", {"g": "12", "auto-alt-ref": "1", "lag-in-frames": "16"}),
    ],
)  # fmt: skip
def test_a_stretch_decoded_alone_has_the_pictures_of_one_pass(tmp_path, name, codec, options):
    footage = video.Footage(write_video(tmp_path / name, moving_texture(70), codec=codec, **options))
    whole = list(footage.frames())
    assert len(whole) == len(footage) == 70
    for start, stop in ((0, 1), (5, 6), (11, 25), (37, 70), (69, 70), (70, 70)):
        alone = list(footage.frames(start, stop, threads=2))
        assert len(alone) == stop - start
        assert all((a == b).all() for a, b in zip(alone, whole[start:stop], strict=True))
    assert np.allclose(np.diff(footage.time_s), 1 / 30, atol=1e-3)  # containers of the web count whole milliseconds


def test_only_wanted_frames_become_pictures(tmp_path, monkeypatch):
    footage = video.Footage(write_video(tmp_path / "a.mp4", moving_texture(30), codec="libx264", **GOP))
    whole = list(footage.frames())
    made = []
    picture = video.stream._Decoded.picture
    monkeypatch.setattr(video.stream._Decoded, "picture", lambda frame: made.append(frame) or picture(frame))
    some = list(footage.frames(15, 30, wanted=lambda number: number % 5 == 0))
    assert [number for number, image in enumerate(some, 15) if image is not None] == [15, 20, 25]
    assert all((some[number - 15] == whole[number]).all() for number in (15, 20, 25))
    assert len(made) == 3  # nor those that are decoded on the way to the stretch


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_times_are_those_that_the_file_states(tmp_path, name):
    time_s = np.cumsum(np.random.default_rng(1).uniform(0.01, 0.05, 40)).round(3)
    path = write_video(tmp_path / name, moving_texture(40), time_s, codec="libx264", bf="2")
    assert np.abs(video.Footage(path).time_s - (time_s - time_s[0])).max() < 1e-9
    assert video.video_facts(path).n_frames == 40


@pytest.mark.parametrize(
    ("matrix", "size"), [((0, 1, -1, 0), (64, 96)), ((-1, 0, 0, -1), (96, 64)), ((0, -1, 1, 0), (64, 96))]
)
def test_a_picture_is_turned_as_the_file_asks(tmp_path, matrix, size):
    path = write_video(tmp_path / "a.mp4", moving_texture(3))
    content = bytearray(path.read_bytes())
    place = content.index(b"tkhd") + 44
    one = 1 << 16
    a, b, c, d = (value * one for value in matrix)
    content[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    assert video.video_facts(path).size_px == size
    assert (next(video.frames(path)) == cv2.VideoCapture(str(path)).read()[1]).all()


def test_a_frame_that_cannot_be_decoded_moves_no_other(tmp_path):
    path = write_video(tmp_path / "a.mov", moving_texture(12), codec="mjpeg")
    good = list(video.Footage(path).frames())
    damaged(path, jpeg_places(path)[5])
    found = list(video.Footage(path).frames())
    assert found[5] is None
    assert all((a == b).all() for i, (a, b) in enumerate(zip(found, good, strict=True)) if i != 5)
    assert video.frame_at(path, 5) is None
    assert (video.frame_at(path, 6) == good[6]).all()
    assert len(list(video.frames(path))) == 11


def test_a_file_cut_off_states_more_than_it_holds(tmp_path):
    path = write_video(tmp_path / "a.mp4", moving_texture(60), format_options={"movflags": "faststart"})
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    assert video.video_facts(path).n_frames == 60
    footage = video.Footage(path)
    assert 10 < len(footage) < 60
    assert sum(image is not None for image in footage.frames()) >= len(footage) - 1


def test_frames_that_change_size_are_an_error(tmp_path):
    parts = [
        write_video(tmp_path / f"{n}.ts", moving_texture(15, size), codec="libx264").read_bytes()
        for n, size in enumerate(((96, 64), (64, 48)))
    ]
    (tmp_path / "a.ts").write_bytes(b"".join(parts))
    with pytest.raises(InputError, match=r"change size.*\n.*96x64 px.*64x48 px at frame 15"):
        list(video.frames(tmp_path / "a.ts"))


def test_an_unknown_codec_is_named(tmp_path):
    path = write_video(tmp_path / "a.mov", moving_texture(5), codec="mjpeg")
    path.write_bytes(path.read_bytes().replace(b"jpeg", b"zz9q"))
    with pytest.raises(InputError, match=r"a\.mov can't be read as a video.*\n.*a codec that FFmpeg does not know"):
        video.video_facts(path)


def test_a_wrong_extension_does_no_harm(tmp_path):
    path = write_video(tmp_path / "a.mkv", moving_texture(5)).rename(tmp_path / "a.mp4")
    assert len(list(video.frames(path))) == 5


class TestTheVerdict:
    """What the pose stage says of a video that is not as it should be."""

    def report(self, folder, path, *more):
        cards = write_cards(folder / "cards")
        settings = json.dumps({"model": str(cards), "detect_every_frames": 1})
        code = main(
            ["estimate-pose", "--camera", "cam01", "--kind", "video", "--source", str(path), "--settings", settings]
            + [
                "--model",
                str(cards.with_name("dots.onnx")),
                "--detector",
                str(cards.with_name("box.onnx")),
                "--device",
                "cpu",
            ]
            + ["--out", str(folder / "k.npz"), "--report", str(folder / "k.json"), *more]
        )
        assert code == 0
        return json.loads((folder / "k.json").read_text())

    def test_nobody_in_a_whole_video_fails(self, tmp_path):
        report = self.report(tmp_path, write_video(tmp_path / "a.mp4", np.zeros((6, 64, 96, 3), np.uint8)))
        assert report["verdict"] == "fail"
        assert "a person is seen in 0%" in report["reasons"][0]["text"]
        assert report["came_out"]["frames"] == 6

    def test_lost_frames_are_counted_and_named(self, tmp_path):
        path = write_video(tmp_path / "a.mov", moving_texture(12), codec="mjpeg")
        for frame in (4, 6):
            damaged(path, jpeg_places(path)[frame])
        report = self.report(tmp_path, path)
        assert any(
            reason["text"].startswith("2 of 12 frames can't be decoded, the first of them frame 4")
            for reason in report["reasons"]
        )
        assert report["came_out"]["frames_lost"] == 2

    def test_a_rate_that_the_sheet_corrects_goes_before_the_files(self, tmp_path):
        """Slow motion: taken at 120 Hz, stored to be shown at 30."""
        self.report(tmp_path, write_video(tmp_path / "a.mp4", moving_texture(8)), "--fps", "120")
        found = np.load(tmp_path / "k.npz")
        assert found["fps_hz"] == 120
        assert np.allclose(found["time_s"], np.arange(8) / 120)

    def test_uneven_frames_are_named_and_their_times_kept(self, tmp_path):
        time_s = np.cumsum(np.tile([0.02, 0.06], 6))
        report = self.report(tmp_path, write_video(tmp_path / "a.mp4", moving_texture(12), time_s))
        assert any("20.0 to 60.0 ms apart" in reason["text"] for reason in report["reasons"])
        times = np.load(tmp_path / "k.npz")["time_s"]
        assert np.abs(times - (time_s - time_s[0])).max() < 1e-9
