from __future__ import annotations

import cv2
import numpy as np
import pytest

from kineograph.catalog.assets import read_catalogue
from kineograph.catalog.models import read_model_card
from kineograph.errors import DeviceError, InputError
from kineograph.pose import video
from kineograph.pose.decoders.blazepose_landmarks import refine
from kineograph.pose.decoders.person_boxes import suppress
from kineograph.pose.load import load_detector, load_pose_estimator
from kineograph.pose.regions import boxes_of_points, letterbox, regions_from_boxes
from kineograph.pose.runner import run
from kineograph.pose.session import Session
from synthetic.networks import COLOURS, MEAN, STD, box_network, constant_network, pose_network, render, write_cards

RANDOM = np.random.default_rng(7)


@pytest.fixture(scope="module")
def cards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cards")
    write_cards(folder)
    return folder


@pytest.fixture(scope="module")
def estimator(cards, skeletons):
    card = read_model_card(str(cards / "dots.toml"), cards)
    return load_pose_estimator(card, skeletons("halpe26"), cards / "dots.onnx", "cpu", 1)[0]


def scene(people=1, size=(640, 480)):
    """A picture with dots, their places, and the box around each person's."""
    cells = np.stack(np.meshgrid(np.arange(6), np.arange(5)), axis=-1).reshape(-1, 2)
    places = []
    for person in range(people):
        spacing = np.array([560 / people / 6, 80])
        corner = np.array([45 + 300 * person, 55])
        jitter = RANDOM.uniform(-6, 6, (len(COLOURS), 2))
        places.append(corner + RANDOM.permutation(cells)[: len(COLOURS)] * spacing + jitter)
    image = np.zeros((size[1], size[0], 3), np.uint8)
    for place in places:
        image = np.maximum(image, render(place, size))
    boxes = np.array([[*place.min(axis=0) - 8, *place.max(axis=0) + 8] for place in places])
    return image, places, boxes


class TestAgainstRtmlib:
    """The same pictures and boxes through rtmlib's own classes."""

    def test_rtmpose_gives_the_same_keypoints_and_scores(self, cards, estimator):
        rtmlib = pytest.importorskip("rtmlib")
        theirs = rtmlib.RTMPose(str(cards / "dots.onnx"), model_input_size=(192, 256), mean=MEAN, std=STD)
        for people in (1, 2):
            image, _, boxes = scene(people)
            position, score = theirs(image, bboxes=boxes.tolist())
            ours = estimator.estimate([image], [regions_from_boxes(boxes)])[0]
            assert np.abs(ours.position_px - position).max() < 0.01
            assert np.abs(ours.confidence - score).max() < 1e-5

    def test_yolox_with_suppression_gives_the_same_boxes(self, cards):
        rtmlib = pytest.importorskip("rtmlib")
        image = scene()[0]
        theirs = rtmlib.YOLOX(str(cards / "box.onnx"), model_input_size=(416, 416))(image)
        card = read_model_card(str(cards / "box.toml"), cards)
        ours = load_detector(card, cards / "box.onnx", "cpu", 1).detect(image)
        assert np.abs(ours - regions_from_boxes(np.asarray(theirs, float))).max() < 0.01

    @pytest.mark.parametrize("kind", ["YOLOX", "RTMDet"])
    def test_raw_cells_give_the_same_boxes(self, kind, tmp_path, cards):
        rtmlib = pytest.importorskip("rtmlib")
        cells = sum((416 // step) ** 2 for step in (8, 16, 32))
        values = np.concatenate(
            [RANDOM.uniform(-1, 1, (cells, 2)), RANDOM.uniform(0.5, 2.5, (cells, 2)), RANDOM.random((cells, 2)) ** 0.2],
            axis=1,
        )
        network = constant_network(tmp_path / "raw.onnx", values[None])
        image = scene()[0]
        import dataclasses

        card = read_model_card(str(cards / "box.toml"), cards)
        if kind == "RTMDet":
            card = dataclasses.replace(card, parameters={"min_score_raw": 0.3})
        ours = load_detector(card, network, "cpu", 1).detect(image)
        theirs = getattr(rtmlib, kind)(str(network), model_input_size=(416, 416))(image)
        theirs = regions_from_boxes(np.asarray(theirs, float))
        assert len(ours) == len(theirs) > 5
        order = [np.argsort(found[:, 0] + 1e3 * found[:, 1]) for found in (ours, theirs)]
        assert np.abs(ours[order[0]] - theirs[order[1]]).max() < 0.01

    def test_letterbox_gives_the_same_input(self, cards):
        rtmlib = pytest.importorskip("rtmlib")
        theirs = rtmlib.YOLOX(str(cards / "box.onnx"), model_input_size=(416, 416))
        for size in ((640, 480), (481, 640), (416, 416), (100, 333)):
            image = RANDOM.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
            boxed, scale, _ = letterbox(image, (416, 416), 114, centred=False)
            expected, ratio = theirs.preprocess(image)
            assert (boxed == expected).all()
            assert scale == ratio


def test_keypoints_are_where_the_dots_are(estimator):
    image, places, boxes = scene()
    poses = estimator.estimate([image], [regions_from_boxes(boxes)])[0]
    assert (poses.confidence[0] > 0.3).all()
    pixel_of_crop = (boxes[0, 2:] - boxes[0, :2]).max() * 1.25 / 192
    assert np.linalg.norm(poses.position_px[0] - places[0], axis=1).max() < 2 * pixel_of_crop


def test_people_in_one_batch_are_the_same_as_one_by_one(estimator):
    image, _, boxes = scene(2)
    together = estimator.estimate([image], [regions_from_boxes(boxes)])[0]
    for person in range(2):
        alone = estimator.estimate([image], [regions_from_boxes(boxes[[person]])])[0]
        assert (together.position_px[person] == alone.position_px[0]).all()


def test_a_network_with_a_fixed_batch_runs_as_well(tmp_path, cards, estimator, skeletons):
    network = pose_network(tmp_path / "one.onnx", batch=1)
    card = read_model_card(str(cards / "dots.toml"), cards)
    single, _ = load_pose_estimator(card, skeletons("halpe26"), network, "cpu", 1)
    image, _, boxes = scene(2)
    regions = regions_from_boxes(boxes)
    alone, together = (network.estimate([image], [regions])[0] for network in (single, estimator))
    assert (alone.position_px == together.position_px).all()


class TestContract:
    def load(self, cards, skeleton, **network):
        card = read_model_card(str(cards / "dots.toml"), cards)
        path = pose_network(cards / "other.onnx", **network)
        with pytest.raises(InputError) as caught:
            load_pose_estimator(card, skeleton, path, "cpu", 1)
        return str(caught.value)

    def test_another_number_of_keypoints_is_refused(self, cards, skeletons):
        text = self.load(cards, skeletons("halpe26"), colours=COLOURS[:17])
        assert "26 keypoints" in text
        assert "17 keypoints" in text

    def test_another_input_size_is_refused(self, cards, skeletons):
        assert "192x256 px" in self.load(cards, skeletons("halpe26"), size_px=(288, 384))

    def test_a_detector_is_no_pose_network(self, cards, skeletons):
        card = read_model_card(str(cards / "box.toml"), cards)
        with pytest.raises(InputError, match="no pose network"):
            load_pose_estimator(card, skeletons("halpe26"), cards / "box.onnx", "cpu", 1)
        dots = read_model_card(str(cards / "dots.toml"), cards)
        with pytest.raises(InputError, match="does not fit"):
            load_pose_estimator(dots, skeletons("halpe26"), box_network(cards / "b.onnx", (192, 256)), "cpu", 1)

    def test_a_file_that_is_no_network_is_refused(self, tmp_path):
        (tmp_path / "x.onnx").write_bytes(b"not a network")
        for name in ("x.onnx", "nowhere.onnx"):
            with pytest.raises(InputError, match=name):
                Session(tmp_path / name, "cpu", 1)

    def test_cuda_that_is_not_there_is_an_error(self, cards):
        import onnxruntime

        if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
            pytest.skip("this machine has CUDA")
        with pytest.raises(DeviceError, match="GPU"):
            Session(cards / "dots.onnx", "cuda", 1)
        assert Session(cards / "dots.onnx", "auto", 1).device == "cpu"


class TestEveryModelCard:
    @pytest.fixture(params=["resources/models"])
    def found(self, repository):
        folder = repository / "resources" / "models"
        return [read_model_card(path.stem, folder) for path in sorted(folder.glob("*.toml"))]

    def test_it_names_an_asset_a_licence_and_a_decoder_that_are_there(self, found, repository):
        from kineograph.pose.load import FOLDER
        from kineograph.settings.plugins import plugin_names

        catalogue = read_catalogue(repository / "resources" / "assets.toml")
        for card in found:
            assert card.path.stem == card.name
            assert card.decoder in plugin_names(FOLDER)
            assert card.file in catalogue.asset(card.asset).files
            assert card.licence
            assert len(card.mean) == len(card.std) == 3

    def test_pose_networks_name_a_skeleton_and_a_detector_that_are_there(self, found, skeletons):
        detectors = {card.name for card in found if card.kind == "detector"}
        for card in found:
            if card.kind == "pose":
                assert skeletons(card.skeleton).keypoints
                alone = card.one_stage or card.name == "rtmpose-m_face106"  # of faces no public detector is known
                assert card.detector in ([""] if alone else detectors)


@pytest.mark.needs_demo
@pytest.mark.parametrize("network", ["blazepose_lite", "blazepose_detector", "movenet_multipose"])
def test_converted_networks_have_the_interface_that_their_card_says(network, converted, resources, skeletons, tmp_path):
    card = read_model_card(network, resources / "models")
    model = converted(network)
    assert converted(network) == model
    (tmp_path / "x.onnx").write_bytes(model)
    if card.kind == "pose":
        load_pose_estimator(card, skeletons(card.skeleton), tmp_path / "x.onnx", "cpu", 1)
    else:
        load_detector(card, tmp_path / "x.onnx", "cpu", 1)


def test_other_files_are_not_converted(tmp_path):
    from kineograph.pose.converters.tflite import convert

    (tmp_path / "x.tflite").write_bytes(b"0123456789")
    with pytest.raises(InputError, match="can't be converted"):
        convert(tmp_path / "x.tflite", {"outputs": ["a"]})


def test_heatmaps_move_landmarks_to_their_centre_of_mass():
    logits = np.full((1, 3, 64, 64), -20.0)
    logits[0, 0, 20, 30] = 5
    logits[0, 0, 20, 31] = 5
    logits[0, 1, 20, 30] = -1  # under a half
    points = np.array([[[119.0, 83.0], [119.0, 83.0], [300.0, -5.0]]])
    moved = refine(points, logits, 256)
    assert np.allclose(moved[0, 0], [30.5 * 4, 20 * 4])
    assert np.allclose(moved[0, 1:], points[0, 1:])


def test_suppression_keeps_the_best_of_overlapping_boxes():
    boxes = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [50, 50, 60, 60.0]])
    assert suppress(boxes, np.array([0.5, 0.9, 0.8]), 0.45) == [1, 2]


def test_boxes_of_points_ignore_what_is_not_confident():
    position = np.array([[[0, 0], [10, 20], [999, 999]], [[1, 1], [2, 2], [3, 3]]], float)
    boxes = boxes_of_points(position, np.array([[0.9, 0.9, 0.1], [0.0, 0.0, 0.0]]), 0.3)
    assert boxes[0].tolist() == [0, 0, 10, 20]
    assert np.isnan(boxes[1]).all()


class _Script:
    """A detector and an estimator that follow a script: people come and go."""

    def __init__(self, people):
        self.people = people
        self.asked = []

    def detect(self, image):
        self.asked.append(int(image[0, 0, 0]))
        return regions_from_boxes(np.array([[10.0 * k, 0, 10 * k + 8, 20] for k in range(self.people)]).reshape(-1, 4))

    def estimate(self, images, regions):
        return [self.poses(found) for found in regions]

    def poses(self, regions):
        from kineograph.pose.decoders._interfaces import Poses

        position = regions[:, None, :2] + np.linspace(-4, 4, 26)[None, :, None]
        return Poses(position, np.full((len(regions), 26), 0.9), regions)


@pytest.mark.parametrize("people", [0, 1, 3])
def test_the_runner_loses_no_frame_and_detects_every_so_often(people, skeletons):
    script = _Script(people)
    images = [np.full((20, 40, 3), frame, np.uint8) for frame in range(10)]
    found = run(
        iter(images), script, script, camera="c", skeleton=skeletons("halpe26"), fps_hz=50.0, n_frames=10,
        detect_every_frames=4, min_mean_confidence=0.5, max_pose_overlap=0.8, note=print,
    )  # fmt: skip
    assert found.position_px.shape == (10, people, 26, 2)
    assert script.asked == [0, 4, 8]
    assert np.allclose(found.time_s, np.arange(10) / 50)
    assert found.size_px == (40, 20)


def test_the_runner_drops_doubles_and_the_unsure(skeletons):
    from kineograph.pose.decoders._interfaces import Poses

    class Doubles(_Script):
        def poses(self, regions):
            poses = super().poses(np.concatenate([regions, regions]))
            confidence = poses.confidence.copy()
            confidence[1] = 0.95
            confidence[2:] = 0.35
            return Poses(poses.position_px, confidence, poses.region)

    script = Doubles(2)
    found = run(
        [np.zeros((20, 40, 3), np.uint8)], script, script, camera="c", skeleton=skeletons("halpe26"), fps_hz=50.0, n_frames=1,
        detect_every_frames=1, min_mean_confidence=0.5, max_pose_overlap=0.8, note=print,
    )  # fmt: skip
    assert found.position_px.shape[1] == 2
    assert found.confidence[0, 0, 0] == 0.95


class TestVideo:
    def write(self, path, frames=5, size=(64, 48), fps=25.0):
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), fps, size)
        for frame in range(frames):
            writer.write(np.full((size[1], size[0], 3), 10 * frame, np.uint8))
        writer.release()
        return path

    def test_facts_and_frames(self, tmp_path):
        path = self.write(tmp_path / "a.mp4")
        assert video.video_facts(path) == video.VideoFacts((64, 48), 25.0, 5)
        means = [frame.mean() for frame in video.frames(path)]
        assert len(means) == 5
        assert np.allclose(means, np.arange(5) * 10, atol=4)
        assert video.frame_at(path, 3).mean() == pytest.approx(30, abs=4)
        assert video.frame_at(path, 99) is None

    def test_one_frame_is_a_video(self, tmp_path):
        assert len(list(video.frames(self.write(tmp_path / "a.mp4", frames=1)))) == 1

    def test_pictures_are_a_video_in_natural_order(self, tmp_path):
        for frame in (1, 2, 10):
            cv2.imwrite(str(tmp_path / f"f{frame}.png"), np.full((4, 6, 3), frame, np.uint8))
        (tmp_path / "notes.txt").write_text("x")
        assert [frame[0, 0, 0] for frame in video.frames(tmp_path)] == [1, 2, 10]
        assert video.video_facts(tmp_path).size_px == (6, 4)

    @pytest.mark.parametrize("content", [None, b"", b"\x00" * 5000, b"hello"])
    def test_what_is_no_video_is_an_error_that_names_it(self, tmp_path, content):
        path = tmp_path / "bad.mp4"
        if content is not None:
            path.write_bytes(content)
        for call in (video.video_facts, lambda p: list(video.frames(p))):
            with pytest.raises(InputError, match=r"bad\.mp4"):
                call(path)

    def test_sound_alone_is_no_video(self, tmp_path):
        import wave

        with wave.open(str(tmp_path / "bad.mp4"), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(b"\0" * 8000)
        with pytest.raises(InputError, match=r"bad\.mp4"):
            video.video_facts(tmp_path / "bad.mp4")

    def test_pictures_of_changing_size_are_an_error(self, tmp_path):
        for frame, size in enumerate(((4, 6), (4, 8))):
            cv2.imwrite(str(tmp_path / f"f{frame}.png"), np.zeros((*size, 3), np.uint8))
        with pytest.raises(InputError, match="change size"):
            list(video.frames(tmp_path))


class TestGpuSlots:
    """Which GPU a job takes; the GPUs themselves are only names here."""

    CODE = (
        "import sys, time, os; from pathlib import Path; from kineograph.pose.gpu_slot import take_gpu;"
        "print(take_gpu(Path(sys.argv[1])), os.environ.get('CUDA_VISIBLE_DEVICES'), flush=True); time.sleep(float(sys.argv[2]))"
    )

    def start(self, folder, seconds=60.0, **variables):
        import os
        import subprocess
        import sys
        from pathlib import Path

        inherited = {
            k: v for k, v in os.environ.items() if k not in ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID", "KINEOGRAPH_GPUS")
        }
        environment = {**inherited, "PYTHONPATH": str(Path(__file__).parents[2] / "workflow" / "lib"), **variables}
        command = [sys.executable, "-c", self.CODE, str(folder), str(seconds)]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    def test_each_job_has_a_gpu_of_its_own_and_a_killed_one_gives_it_back(self, tmp_path):
        first, second = (self.start(tmp_path, KINEOGRAPH_GPUS="0,3") for _ in range(2))
        taken = {job.stdout.readline().split()[0] for job in (first, second)}
        assert taken == {"0", "3"}
        third = self.start(tmp_path, 0.0, KINEOGRAPH_GPUS="0,3")
        first.kill()
        first.wait()
        assert third.stdout.readline().split()[0] in taken
        second.kill()
        for job in (second, third):
            job.wait()

    def test_the_gpu_that_slurm_chose_is_used(self, tmp_path):
        job = self.start(tmp_path, 0.0, SLURM_JOB_ID="7", CUDA_VISIBLE_DEVICES="2")
        assert job.stdout.readline().split() == ["None", "2"]
        job.wait()

    def test_a_machine_without_gpus_has_none(self, tmp_path):
        job = self.start(tmp_path, 0.0, KINEOGRAPH_GPUS="")
        assert job.stdout.readline().split()[0] == "None"
        job.wait()
