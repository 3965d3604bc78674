"""Decoders against rtmlib and against hand-made outputs, what each refuses at loading, and how networks are run."""

from __future__ import annotations

import dataclasses

import numpy as np
import onnx
import pytest

from kineograph.catalog.models import read_model_card, read_network_cards
from kineograph.errors import ConfigError, DeviceError, InputError
from kineograph.pose.decoders.heatmap import maxima
from kineograph.pose.load import load_detector, load_pose_estimator
from kineograph.pose.regions import regions_from_boxes
from kineograph.pose.session import LARGEST_BATCH, Session, half_precision, tensorrt_options
from synthetic.networks import (
    COLOURS,
    MEAN,
    STD,
    box_network,
    constant_network,
    heatmap_network,
    pose_network,
    render,
    write_cards,
)

RANDOM = np.random.default_rng(11)
SIZE_PX = (480, 400)


@pytest.fixture(scope="module")
def cards(tmp_path_factory):
    return write_cards(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def dots(cards):
    return read_model_card(str(cards), cards.parent)


@pytest.fixture(scope="module")
def scene():
    """A picture of dots, their places, and the box around them."""
    cells = np.stack(np.meshgrid(np.arange(6), np.arange(5)), axis=-1).reshape(-1, 2)[: len(COLOURS)]
    places = 60 + cells * [60, 70] + RANDOM.uniform(-8, 8, (len(COLOURS), 2))
    return render(places, SIZE_PX), places, np.array([[*places.min(axis=0) - 8, *places.max(axis=0) + 8]])


def rtmo_outputs(people, keypoints=17):
    """Boxes (1, n, 5) and keypoints (1, n, K, 3) of people on a 416 px input, some of them twice, some unlikely."""
    corner = RANDOM.uniform(0, 200, (people, 2))
    boxes = np.concatenate(
        [corner, corner + RANDOM.uniform(60, 200, (people, 2)), RANDOM.random((people, 1)) ** 0.3], axis=1
    )
    points = np.concatenate(
        [RANDOM.uniform(0, 416, (people, keypoints, 2)), RANDOM.random((people, keypoints, 1))], axis=2
    )
    return boxes[None], points[None]


def rtmo(folder, dots, skeletons, people=12, keypoints=17):
    boxes, points = rtmo_outputs(people, keypoints)
    network = constant_network(folder / "rtmo.onnx", boxes, keypoints=points)
    card = dataclasses.replace(
        dots,
        decoder="rtmo",
        input_px=(416, 416),
        mean=(0, 0, 0),
        std=(1, 1, 1),
        parameters={},
        skeleton="coco17",
        detector="",
    )
    return network, load_pose_estimator(card, skeletons("coco17"), network, "cpu", 1)[0]


class TestAgainstRtmlib:
    def test_heatmaps_give_vitposes_keypoints(self, tmp_path, dots, skeletons, scene):
        rtmlib = pytest.importorskip("rtmlib")
        network = heatmap_network(tmp_path / "heat.onnx")
        card = dataclasses.replace(dots, decoder="heatmap")
        ours = load_pose_estimator(card, skeletons("halpe26"), network, "cpu", 1)[0]
        image, places, boxes = scene
        two = np.concatenate([boxes, boxes + [-30, 10, 20, 15]])
        position, score = rtmlib.ViTPose(str(network), model_input_size=(192, 256), mean=MEAN, std=STD)(
            image, two.tolist()
        )
        poses = ours.estimate([image], [regions_from_boxes(two)])[0]
        assert np.abs(poses.position_px - position).max() < 0.01
        assert np.abs(poses.confidence - score).max() < 1e-5
        assert np.linalg.norm(poses.position_px[0] - places, axis=-1).max() < 6  # a cell of the heatmap is 10 px

    def test_rtmo_gives_the_same_people(self, tmp_path, dots, skeletons):
        rtmlib = pytest.importorskip("rtmlib")
        network, ours = rtmo(tmp_path, dots, skeletons)
        image = np.zeros((300, 500, 3), np.uint8)
        position, score = rtmlib.RTMO(str(network), model_input_size=(416, 416))(image)
        for poses in ours.estimate([image, image], [np.zeros((1, 5))] * 2):
            assert 2 < len(poses.position_px) < 12
            assert np.abs(poses.position_px - position).max() < 0.01
            assert np.abs(poses.confidence - score).max() < 1e-6

    def test_classes_of_animals_give_the_same_boxes(self, tmp_path, cards):
        rtmlib = pytest.importorskip("rtmlib")
        cells = sum((416 // step) ** 2 for step in (8, 16, 32))
        raw = np.concatenate(
            [RANDOM.uniform(-1, 1, (cells, 2)), RANDOM.uniform(0.5, 2, (cells, 2)), RANDOM.random((cells, 5))], axis=1
        )
        network = constant_network(tmp_path / "raw.onnx", raw[None])
        card = dataclasses.replace(
            read_model_card(str(cards.with_name("box.toml")), cards.parent), parameters={"classes": [1, 3]}
        )
        image = np.zeros((300, 500, 3), np.uint8)
        ours = load_detector(card, network, "cpu", 1).detect(image)
        boxes, classes = rtmlib.YOLOX(str(network), model_input_size=(416, 416), det_mode="multiclass")(image)
        theirs = regions_from_boxes(np.asarray(boxes, float)[np.isin(classes, (1, 3))])
        assert len(ours) == len(theirs) > 5
        ordered = [found[np.lexsort(found.T)] for found in (ours, theirs)]
        assert np.abs(ordered[0] - ordered[1]).max() < 0.01


def test_a_heatmaps_maximum_is_found_between_its_cells():
    """A Gaussian's logarithm is a parabola, so the Newton step is exact but for the blur's cut-off."""
    row, column = np.ogrid[:64, :48]
    truth = RANDOM.uniform(8, 40, (2, 5, 2))
    distance = (column - truth[..., 0, None, None]) ** 2 + (row - truth[..., 1, None, None]) ** 2
    found = maxima(np.exp(-distance / (2 * 2.0**2)).astype(np.float32))
    assert np.abs(found - truth).max() < 0.05


class TestOneStage:
    def test_it_needs_no_detector_and_finds_several_people(self, tmp_path, dots, skeletons):
        from kineograph.pose.runner import run

        _, estimator = rtmo(tmp_path, dots, skeletons)
        images = [np.zeros((300, 500, 3), np.uint8)] * 5
        options = {
            "camera": "c", "skeleton": skeletons("coco17"), "fps_hz": 50.0, "n_frames": 5, "detect_every_frames": 4,
            "min_mean_confidence": 0.2, "max_pose_overlap": 0.99, "note": print,
        }  # fmt: skip
        found = [run(images, None, estimator, **options, groups=groups) for groups in (1, 3)]
        assert found[0].position_px.shape[1] > 2
        assert np.array_equal(found[0].position_px, found[1].position_px, equal_nan=True)

    def test_the_cards_say_so(self, resources):
        folder = resources / "models"
        assert [card.name for card in read_network_cards("rtmo-m_coco17", None, folder)] == ["rtmo-m_coco17"]
        assert len(read_network_cards("rtmpose-m_halpe26", None, folder)) == 2
        with pytest.raises(ConfigError, match=r"finds people itself"):
            read_network_cards("rtmo-m_coco17", "yolox_m", folder)
        with pytest.raises(ConfigError, match=r"needs a detector"):
            read_network_cards("rtmpose-m_face106", None, folder)


class TestContract:
    """Each decoder refuses a network of another interface, with the expected and the found."""

    def refused(self, card, skeleton, network):
        with pytest.raises(InputError, match="does not fit its model card") as caught:
            load_pose_estimator(card, skeleton, network, "cpu", 1)
        return str(caught.value)

    def test_keypoints_that_the_file_does_not_count_are_counted_by_running_it(self, tmp_path, dots, skeletons):
        free = pose_network(tmp_path / "free.onnx", free=True)
        assert load_pose_estimator(dots, skeletons("halpe26"), free, "cpu", 1)[0].n_keypoints == 26
        text = self.refused(dots, skeletons("coco17"), free)
        assert "17 keypoints" in text
        assert "26 keypoints" in text

    @pytest.mark.parametrize("decoder", ["simcc", "heatmap", "rtmo", "blazepose_landmarks"])
    def test_each_decoder_refuses_boxes(self, tmp_path, dots, skeletons, decoder):
        card = dataclasses.replace(dots, decoder=decoder)
        assert "[1, 1, 5]" in self.refused(
            card, skeletons("halpe26"), box_network(tmp_path / "b.onnx", (192, 256))
        ).replace("(", "[").replace(")", "]")

    @pytest.mark.parametrize(("decoder", "make"), [("heatmap", heatmap_network), ("simcc", pose_network)])
    def test_a_skeleton_of_another_number_is_refused(self, tmp_path, dots, skeletons, decoder, make):
        card = dataclasses.replace(dots, decoder=decoder)
        assert "26 keypoints" in self.refused(card, skeletons("coco133"), make(tmp_path / "x.onnx"))

    def test_rtmo_of_another_number_is_refused(self, tmp_path, dots, skeletons):
        with pytest.raises(InputError, match=r"17 keypoints.*\n?.*21 keypoints"):
            rtmo(tmp_path, dots, skeletons, keypoints=21)

    @pytest.mark.parametrize("values", [np.zeros((1, 7, 4)), np.zeros((1, 7, 9)), np.zeros((7, 5))])
    def test_a_detector_without_boxes_is_refused(self, tmp_path, cards, values):
        card = read_model_card(str(cards.with_name("box.toml")), cards.parent)
        with pytest.raises(InputError, match=r"boxes \(batch, n, 5\)"):
            load_detector(card, constant_network(tmp_path / "x.onnx", values), "cpu", 1)

    def test_an_input_of_another_kind_is_refused(self, tmp_path, dots, skeletons):
        model = onnx.load(pose_network(tmp_path / "x.onnx"))
        model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.DOUBLE
        cast = onnx.helper.make_node("Cast", ["input"], ["cast"], to=onnx.TensorProto.FLOAT)
        for node in model.graph.node:
            node.input[:] = ["cast" if name == "input" else name for name in node.input]
        model.graph.node.insert(0, cast)
        onnx.save(model, tmp_path / "double.onnx")
        text = self.refused(dots, skeletons("halpe26"), tmp_path / "double.onnx")
        assert "float32" in text
        assert "tensor(double)" in text

    def test_a_fixed_batch_of_several_is_refused(self, tmp_path, dots, skeletons):
        assert "batch of 1 or free" in self.refused(
            dots, skeletons("halpe26"), pose_network(tmp_path / "x.onnx", batch=4)
        )


def test_a_model_may_be_named_by_its_onnx_file(cards):
    assert read_model_card(str(cards.with_suffix(".onnx")), cards.parent) == read_model_card(str(cards), cards.parent)
    with pytest.raises(InputError, match=r"there is no model 'nowhere'"):
        read_model_card(str(cards.with_name("nowhere.onnx")), cards.parent)


class TestRunning:
    """What a GPU run does beside inference, with the CPU in the GPU's place; no GPU was at hand when this was written."""

    def pictures(self, count):
        return RANDOM.uniform(-1, 1, (count, 3, 256, 192)).astype(np.float32)

    def test_a_crowd_is_run_in_several_batches(self, cards):
        session = Session(cards.with_suffix(".onnx"), "cpu", 1)
        batch = self.pictures(LARGEST_BATCH + 3)
        whole = session.run(batch)
        assert len(whole[0]) == len(batch)
        assert (whole[0][LARGEST_BATCH:] == session.run(batch[LARGEST_BATCH:])[0]).all()

    def test_bound_buffers_give_the_same_and_are_used_again(self, cards):
        plain, bound = (Session(cards.with_suffix(".onnx"), "cpu", 1) for _ in range(2))
        bound._memory = "cpu"
        for count in (2, 2, 1, 2):
            batch = self.pictures(count)
            assert all((a == b).all() for a, b in zip(plain.run(batch), bound.run(batch), strict=True))
        assert len(bound._buffers) == 2

    def test_half_precision_keeps_interface_and_places(self, cards, dots, skeletons, tmp_path, scene):
        (tmp_path / "half.onnx").write_bytes(half_precision(cards.with_suffix(".onnx")))
        assert any(w.data_type == onnx.TensorProto.FLOAT16 for w in onnx.load(tmp_path / "half.onnx").graph.initializer)
        image, _, boxes = scene
        whole, half = (
            load_pose_estimator(dots, skeletons("halpe26"), path, "cpu", 1)[0].estimate(
                [image], [regions_from_boxes(boxes)]
            )[0]
            for path in (cards.with_suffix(".onnx"), tmp_path / "half.onnx")
        )
        pixel_of_crop = (boxes[0, 2:] - boxes[0, :2]).max() * 1.25 / 192
        assert np.abs(whole.position_px - half.position_px).max() < 2 * pixel_of_crop
        assert np.abs(whole.confidence - half.confidence).max() < 0.02

    def test_tensorrt_is_told_the_batches_that_come(self, cards, tmp_path):
        options = tensorrt_options(cards.with_suffix(".onnx"), "fp16", tmp_path / "engines")
        assert options["trt_fp16_enable"] == "True"
        assert options["trt_profile_max_shapes"] == f"input:{LARGEST_BATCH}x3x256x192"
        fixed = tensorrt_options(pose_network(tmp_path / "one.onnx", batch=1), "fp32", tmp_path / "engines")
        assert "trt_profile_max_shapes" not in fixed

    @pytest.mark.parametrize("device", ["cuda", "tensorrt"])
    def test_a_gpu_that_is_not_there_is_an_error(self, cards, device):
        import onnxruntime

        if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
            pytest.skip("this machine has CUDA")
        with pytest.raises(DeviceError, match=f"pose.device: {device}"):
            Session(cards.with_suffix(".onnx"), device, 1)

    def test_half_precision_is_for_gpus(self, cards):
        with pytest.raises(DeviceError, match=r"pose.precision: fp16"):
            Session(cards.with_suffix(".onnx"), "cpu", 1, "fp16")
        session = Session(cards.with_suffix(".onnx"), "auto", 1, "fp16")
        assert session.precision == ("fp16" if session.device == "cuda" else "fp32")
