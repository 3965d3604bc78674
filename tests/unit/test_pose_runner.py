"""The runner: the same results in whatever batches and chunks, in bounded memory, and beside rtmlib."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from kineograph.catalog.models import read_model_card
from kineograph.cli.__main__ import main
from kineograph.io.npz import read_npz
from kineograph.model.keypoints import Keypoints2D
from kineograph.pose.chunks import groups_of_a_block, span
from kineograph.pose.decoders._interfaces import Poses
from kineograph.pose.load import load_detector, load_pose_estimator
from kineograph.pose.read_ahead import read_ahead
from kineograph.pose.regions import regions_from_boxes
from kineograph.pose.runner import DECODED_AHEAD, run
from kineograph.signal.detection_tracks import numbered
from synthetic.networks import COLOURS, render, write_cards
from synthetic.videos import write_video

SIZE_PX = (320, 240)


def walk(frames, seed=0):
    """Pictures of dots that drift, and leave the picture for a while."""
    random = np.random.default_rng(seed)
    cells = np.stack(np.meshgrid(np.arange(6), np.arange(5)), axis=-1).reshape(-1, 2)[: len(COLOURS)]
    start = 45 + cells * [34, 34] + random.uniform(-4, 4, (len(COLOURS), 2))
    drift = np.stack([2.5 * np.sin(0.4 * np.arange(frames)), np.cos(0.3 * np.arange(frames))], axis=-1)
    pictures = [render(start + 4 * step, SIZE_PX, radius_px=5) for step in drift]
    for picture in pictures[10:13]:
        picture[:] = 0
    return pictures


@pytest.fixture(scope="module")
def cards(tmp_path_factory):
    return write_cards(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def networks(cards, skeletons):
    folder = cards.parent
    detector = load_detector(read_model_card(str(folder / "box.toml"), folder), folder / "box.onnx", "cpu", 1)
    card = read_model_card(str(cards), folder)
    return detector, load_pose_estimator(card, skeletons("halpe26"), folder / "dots.onnx", "cpu", 1)[0]


def settings(cards, **more):
    return {"model": str(cards), "min_mean_confidence": 0.2, **more}


def command(cards, source, out, *more, **section):
    return [
        "estimate-pose", "--camera", "cam01", "--kind", "video", "--source", str(source), "--device", "cpu",
        "--settings", json.dumps(settings(cards, **section)), "--model", str(cards.with_name("dots.onnx")),
        "--detector", str(cards.with_name("box.onnx")), "--out", str(out), "--report", str(out.with_suffix(".json")), *more,
    ]  # fmt: skip


def estimated(networks, images, skeletons, every, **options):
    detector, estimator = networks
    return run(
        images, detector, estimator, camera="c", skeleton=skeletons("halpe26"), fps_hz=50.0, n_frames=len(images),
        detect_every_frames=every, min_mean_confidence=0.2, max_pose_overlap=0.8, note=print, **options,
    )  # fmt: skip


@pytest.mark.parametrize("every", [1, 3, 4])
def test_batches_of_several_groups_change_nothing(networks, skeletons, every):
    images = walk(18)
    one_by_one = estimated(networks, images, skeletons, every)
    assert 10 < np.isfinite(one_by_one.position_px).any(axis=(1, 2, 3)).sum() < 18
    for groups in (2, 50):
        together = estimated(networks, images, skeletons, every, groups=groups)
        for name in ("position_px", "confidence", "bbox_px", "track_id"):
            assert np.array_equal(getattr(together, name), getattr(one_by_one, name), equal_nan=name != "track_id")


@pytest.mark.parametrize("every", [1, 4])
def test_frame_by_frame_as_the_words_say_it(networks, skeletons, every):
    """The rule in its plainest form: detect every so often, else look where the person last was."""
    detector, estimator = networks
    images, regions, expected = walk(14), np.zeros((0, 5)), []
    for number, image in enumerate(images):
        if number % every == 0:
            regions = detector.detect(image)
        poses = estimator.estimate([image], [regions])[0] if len(regions) else None
        seen = poses is not None and (poses.confidence[0] >= 0.3).any()
        regions = poses.region if seen else np.zeros((0, 5))
        expected.append(poses.position_px[0] if seen else np.full((26, 2), np.nan))
    found = estimated(networks, images, skeletons, every, groups=3).position_px[:, 0]
    assert np.array_equal(found, np.array(expected), equal_nan=True)


def test_a_frame_that_is_lost_hands_the_detection_to_the_next(networks, skeletons):
    images = walk(8)
    images[4] = None
    found = estimated(networks, images, skeletons, 4)
    assert np.isnan(found.position_px[4]).all()
    assert np.isfinite(found.position_px[5]).any()


class _Crowd:
    """Twenty people, each a detection with a keypoint of its own."""

    n_keypoints = 26

    def __init__(self):
        self.waiting = []

    def detect(self, image):
        corners = np.array([[30.0 * k, 10] for k in range(20)])
        return regions_from_boxes(np.concatenate([corners, corners + [20, 40]], axis=1))

    def estimate(self, images, regions):
        spread = np.stack([np.linspace(-9, 9, 26), np.linspace(-19, 19, 26)], axis=-1)
        return [Poses(found[:, None, :2] + spread, np.full((len(found), 26), 0.9), found) for found in regions]


def test_twenty_people_are_kept_apart(skeletons):
    found = estimated((_Crowd(), _Crowd()), [np.zeros((60, 640, 3), np.uint8)] * 6, skeletons, 4, groups=2)
    assert found.position_px.shape == (6, 20, 26, 2)
    assert (found.track_id == np.arange(20)).all()


def test_decoded_frames_do_not_pile_up(skeletons):
    """However slow the network, frames in memory: those of the block, those waiting, one in the making."""
    made, most = [0], [0]

    class Slow(_Crowd):
        done = 0

        def estimate(self, images, regions):
            time.sleep(0.02)
            Slow.done += len(images)
            most[0] = max(most[0], made[0] - Slow.done)
            return super().estimate(images, regions)

    def frames():
        for _ in range(40):
            made[0] += 1
            yield np.zeros((60, 640, 3), np.uint8)

    class Frames:
        __len__ = lambda self: 40  # noqa: E731
        __iter__ = lambda self: frames()  # noqa: E731

    found = estimated((Slow(), Slow()), Frames(), skeletons, 2, groups=2)
    assert found.n_frames == 40
    assert most[0] <= 4 + DECODED_AHEAD + 1


class TestReadAhead:
    def test_items_come_in_order_and_an_error_in_its_place(self):
        def source():
            yield from range(5)
            raise ValueError("broken")

        reader = read_ahead(source(), 2)
        assert [next(reader) for _ in range(5)] == list(range(5))
        with pytest.raises(ValueError, match="broken"):
            next(reader)

    def test_the_thread_ends_with_its_reader(self):
        before = threading.active_count()
        reader = read_ahead(iter(range(1000)), 2)
        assert next(reader) == 0
        reader.close()
        assert threading.active_count() == before


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """With B-frames."""
    return write_video(tmp_path_factory.mktemp("chunks") / "a.mp4", walk(70), codec="libx264", g="25")


@pytest.fixture(scope="module")
def whole(cards, video):
    """Its keypoints in one pass, with boxes tracked between detections in every third frame."""
    assert main(command(cards, video, video.with_name("whole.npz"), detect_every_frames=3)) == 0
    return video.with_name("whole.npz")


class TestChunks:
    @pytest.mark.parametrize(
        ("frames", "every", "chunks"), [(100, 4, 3), (1, 4, 5), (0, 1, 2), (2000, 7, 9), (64, 32, 2)]
    )
    def test_they_cover_every_frame_once_and_begin_where_blocks_do(self, frames, every, chunks):
        spans = [span(frames, every, chunk, chunks) for chunk in range(chunks)]
        assert [number for start, stop in spans for number in range(start, stop)] == list(range(frames))
        block = every * groups_of_a_block(every)
        assert all(start % block == 0 or start == frames for start, _ in spans)

    def test_one_pass_gives_the_same_bytes_twice(self, cards, video, whole, tmp_path):
        assert main(command(cards, video, tmp_path / "again.npz", detect_every_frames=3)) == 0
        assert (tmp_path / "again.npz").read_bytes() == whole.read_bytes()

    @pytest.mark.parametrize("chunks", [2, 6])
    def test_gathered_they_are_the_bytes_of_one_pass(self, cards, video, whole, tmp_path, chunks):
        """70 frames are five blocks, so of six chunks one is empty."""
        parts = [tmp_path / f"chunk-{chunk}.npz" for chunk in range(chunks)]
        for chunk, part in enumerate(parts):
            assert main(command(cards, video, part, "--chunk", f"{chunk}/{chunks}", detect_every_frames=3)) == 0
        frames = [read_npz(part, Keypoints2D).n_frames for part in parts]
        assert sum(frames) == 70 > max(frames)
        gathered = command(cards, video, tmp_path / "gathered.npz", "--gather", *map(str, parts), detect_every_frames=3)
        assert main(gathered) == 0
        assert (tmp_path / "gathered.npz").read_bytes() == whole.read_bytes()
        assert (tmp_path / "gathered.json").read_text() == whole.with_suffix(".json").read_text()

    def test_chunks_of_different_sizes_are_an_error(self, cards, tmp_path, capsys):
        parts = [tmp_path / "chunk-0.npz", tmp_path / "chunk-1.npz"]
        for part, width in zip(parts, (320, 256), strict=True):
            pictures = [image[:, :width] for image in walk(2)]
            video = write_video(tmp_path / f"{width}.mp4", pictures)
            assert main(command(cards, video, part, "--chunk", "0/1")) == 0
        assert main(command(cards, video, tmp_path / "k.npz", "--gather", *map(str, parts))) == 2
        assert "change size" in capsys.readouterr().err

    def test_one_frame_is_a_video(self, cards, tmp_path):
        assert main(command(cards, write_video(tmp_path / "a.mp4", walk(1)), tmp_path / "k.npz")) == 0
        assert read_npz(tmp_path / "k.npz", Keypoints2D).time_s.tolist() == [0.0]

    def test_a_chunk_that_failed_fails_the_camera_and_is_no_result(self, cards, tmp_path):
        (tmp_path / "bad.mp4").write_bytes(b"no video")
        part = tmp_path / "chunk-0.npz"
        assert main(command(cards, tmp_path / "bad.mp4", part, "--chunk", "0/1", "--errors-as-verdicts")) == 0
        whole = tmp_path / "k.npz"
        assert main(command(cards, tmp_path / "bad.mp4", whole, "--gather", str(part), "--errors-as-verdicts")) == 0
        report = json.loads(whole.with_suffix(".json").read_text())
        assert "bad.mp4 can't be read as a video" in report["error"]["what"]
        assert read_npz(whole, Keypoints2D).n_frames == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_job_leaves_nothing_that_looks_done(cards, tmp_path, how, repository):
    video = write_video(tmp_path / "a.mp4", walk(1) * 1000)
    environment = {**os.environ, "PYTHONPATH": str(repository / "workflow" / "lib")}
    (tmp_path / "out").mkdir()
    arguments = command(cards, video, tmp_path / "out" / "k.npz", detect_every_frames=1)
    job = subprocess.Popen(
        [sys.executable, "-m", "kineograph.cli", *arguments], env=environment, stderr=subprocess.DEVNULL
    )
    time.sleep(1.2)
    assert job.poll() is None
    job.send_signal(how)
    assert job.wait(10) != 0
    assert list((tmp_path / "out").iterdir()) == []


class TestTracks:
    def boxes(self, *corners):
        corners = np.array(corners, float)[..., None, :]
        return np.concatenate([corners, corners + [20, 40]], axis=-1).reshape(*corners.shape[:-2], 4)

    def test_people_keep_their_numbers_when_they_swap_places_in_the_list(self):
        boxes = self.boxes([[0, 0], [100, 0]], [[102, 0], [2, 0]], [[4, 0], [104, 0]])
        assert numbered(boxes).tolist() == [[0, 1], [1, 0], [0, 1]]

    def test_somebody_who_is_missed_for_a_moment_keeps_the_number_and_a_newcomer_gets_another(self):
        gone = [np.nan, np.nan]
        boxes = self.boxes([[0, 0], gone], [gone, gone], [[300, 0], [3, 0]])
        assert numbered(boxes).tolist() == [[0, -1], [-1, -1], [1, 0]]

    def test_files_of_earlier_versions_have_no_numbers(self, tmp_path, cards):
        assert main(command(cards, write_video(tmp_path / "a.mp4", walk(3)), tmp_path / "k.npz")) == 0
        arrays = dict(np.load(tmp_path / "k.npz"))
        assert arrays.pop("track_id").tolist() == [[0]] * 3
        np.savez(tmp_path / "old.npz", **arrays)
        assert read_npz(tmp_path / "old.npz", Keypoints2D).track_id.tolist() == [[-1]] * 3


class TestRtmlibRunner:
    @pytest.mark.parametrize("every", [1, 4])
    def test_it_sees_the_same(self, cards, tmp_path, every):
        pytest.importorskip("rtmlib")
        video = write_video(tmp_path / "a.mp4", walk(12))
        for runner in ("kineograph", "rtmlib"):
            assert (
                main(command(cards, video, tmp_path / f"{runner}.npz", runner=runner, detect_every_frames=every)) == 0
            )
        ours, theirs = (read_npz(tmp_path / f"{name}.npz", Keypoints2D) for name in ("kineograph", "rtmlib"))
        assert np.isfinite(ours.position_px).any(axis=(1, 2, 3)).sum() >= 8
        assert np.nanmax(np.abs(ours.position_px - theirs.position_px)) < 0.01
        assert np.abs(ours.confidence - theirs.confidence).max() < 1e-3
        assert json.loads((tmp_path / "rtmlib.json").read_text())["came_out"]["device"] == "cpu, rtmlib"

    def test_without_rtmlib_it_says_how_to_get_it(self, cards, tmp_path, monkeypatch, capsys):
        monkeypatch.setitem(sys.modules, "rtmlib", None)
        assert main(command(cards, write_video(tmp_path / "a.mp4", walk(2)), tmp_path / "k.npz", runner="rtmlib")) == 2
        assert "envs/rtmlib.lock" in capsys.readouterr().err


def test_real_weights_give_what_rtmlib_gives(fetched, resources, skeletons):
    """Opt-in: KINEOGRAPH_WEIGHTS is a folder with <card>.onnx of model cards, such as rtmpose-m_halpe26.onnx and yolox_m.onnx."""
    folder = os.environ.get("KINEOGRAPH_WEIGHTS")
    if not folder:
        pytest.skip("no weights: set KINEOGRAPH_WEIGHTS")
    from pathlib import Path

    from kineograph.pose.rtmlib_reference import RtmlibDetector, RtmlibPose
    from kineograph.pose.video import frame_at

    found = [read_model_card(path.stem, resources / "models") for path in sorted(Path(folder).glob("*.onnx"))]
    assert found, f"{folder} has no .onnx file"
    image = frame_at(fetched("demo_single") / "videos" / "cam01.mp4", 30)
    person = regions_from_boxes(np.array([[200.0, 300, 900, 1800]]))
    for card in found:
        weights = Path(folder) / f"{card.name}.onnx"
        if card.kind == "detector":
            boxes = [
                load_detector(card, weights, "cpu", 1).detect(image),
                RtmlibDetector(card, weights, "cpu").detect(image),
            ]
            assert len(boxes[0]) == len(boxes[1])
            ordered = [found[np.lexsort(found.T)] for found in boxes]
            assert np.abs(ordered[0] - ordered[1]).max() < 0.01
        else:
            ours = load_pose_estimator(card, skeletons(card.skeleton), weights, "cpu", 1)[0].estimate(
                [image], [person]
            )[0]
            theirs = RtmlibPose(card, weights, "cpu").estimate([image], [person])[0]
            assert np.abs(ours.position_px - theirs.position_px).max() < 0.01
            assert np.abs(ours.confidence - theirs.confidence).max() < 1e-4
