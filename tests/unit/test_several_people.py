"""Several people in a picture: MoveNet's maps and what they say, and networks of TensorFlow.js as ONNX."""

from __future__ import annotations

import base64
import dataclasses
import json
from argparse import Namespace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from kineograph.catalog.models import CONVERTERS, read_model_card
from kineograph.errors import InputError
from kineograph.pose import video
from kineograph.pose.converters.tfjs import convert
from kineograph.pose.decoders import movenet
from kineograph.pose.load import load_detector, load_pose_estimator
from kineograph.pose.runner import run
from kineograph.provenance.code import code_digest
from kineograph.settings.plugins import plugin_module, plugin_names

RANDOM = np.random.default_rng(11)
MAP = (80, 128)
"""Width and height of the maps of a picture of 320x512 px."""


@pytest.fixture(scope="module")
def card(resources):
    return read_model_card("movenet_multipose", resources / "models")


# ---- the decoder


def maps_of(centres, sizes, points, seen=None, score=0.9):
    """The network's maps of people: centres (n, 2) and sizes (n, 2) of their boxes and keypoints (n, 17, 2), in cells."""
    width, height = MAP
    maps = {name: np.zeros((channels, height, width)) for name, channels in movenet.CHANNELS.items()}
    maps["centre"] -= 20
    maps["heatmap"] -= 20
    seen = np.ones(points.shape[:2], bool) if seen is None else seen
    logit = np.log(score / (1 - score))
    for person, (centre, size) in enumerate(zip(centres, sizes, strict=True)):
        x, y = np.floor(centre).astype(int)
        maps["centre"][0, y, x] = logit
        maps["box_offset"][:, y, x] = (centre - [x, y])[::-1]
        maps["box_size"][:, y, x] = size[::-1]
        maps["place"][:, y, x] = (points[person] - [x, y])[:, ::-1].reshape(-1)
        for keypoint, (px, py) in enumerate(points[person]):
            if seen[person, keypoint]:
                column, row = int(px), int(py)
                maps["heatmap"][keypoint, row, column] = logit
                maps["offset"][2 * keypoint : 2 * keypoint + 2, row, column] = py - row, px - column
    return maps


def crowd(number):
    """`number` people on a grid: centres, sizes and keypoints more than a cell inside the boxes, in cells."""
    cells = np.stack(np.meshgrid(np.arange(4), np.arange(5)), axis=-1).reshape(-1, 2)
    chosen = RANDOM.permutation(len(cells))[:number]
    centres = cells[chosen] * [20, 25] + RANDOM.uniform(8, 12, (number, 2))
    sizes = RANDOM.uniform(10, 16, (number, 2))
    points = centres[:, None] + RANDOM.uniform(-0.38, 0.38, (number, 17, 2)) * sizes[:, None]
    return centres, sizes, points


@pytest.mark.parametrize("number", [0, 1, 7, 20])
def test_people_are_read_off_the_maps(number):
    """Centres, boxes and keypoints to a rounding; the graph of the network itself would stop at six people."""
    centres, sizes, points = crowd(number)
    scores, boxes, found, confidence = movenet.people(maps_of(centres, sizes, points), 0.3)
    assert len(scores) == number
    order, same = np.lexsort(boxes[:, :2].T), np.lexsort((centres - sizes / 2).T)
    assert np.allclose(boxes[order], np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1)[same])
    assert np.allclose(found[order], points[same])
    assert np.allclose(
        confidence, 0.9, atol=0.1
    )  # a maximum next to the place that the centre gives weighs a little less
    assert np.all(np.abs(scores - 0.9 * confidence.mean(axis=1)) < 1e-9)


def test_keypoints_of_another_person_are_not_taken():
    """Two people whose boxes overlap by half: each keypoint is the maximum near the own centre's guess."""
    points = np.stack([RANDOM.uniform([20, 20], [34, 100], (17, 2)), RANDOM.uniform([34, 20], [48, 100], (17, 2))])
    found = movenet.people(maps_of(np.array([[27.3, 60.2], [41.6, 60.4]]), np.full((2, 2), [32.0, 90.0]), points), 0.3)[
        2
    ]
    assert np.allclose(found, points)


def test_a_keypoint_that_is_not_shown_stays_where_the_centre_has_it():
    centres, sizes, points = crowd(1)
    seen = np.arange(17)[None] < 13
    _, _, found, confidence = movenet.people(maps_of(centres, sizes, points, seen), 0.3)
    assert np.allclose(found, points)
    assert (confidence[0, 13:] < movenet.SHOWN).all()


def test_the_unsure_are_left_out():
    centres, sizes, points = crowd(3)
    assert len(movenet.people(maps_of(centres, sizes, points, score=0.45), 0.3)[0]) == 0


class Told:
    """A network that puts out what it is told, each time the next."""

    def __init__(self, *maps):
        self.maps = list(maps)
        self.output_shapes = {name: ("N", channels, "h", "w") for name, channels in movenet.CHANNELS.items()}
        self.asked = []

    def run(self, images):
        self.asked.append(images.shape)
        maps = self.maps.pop(0)
        return [maps[name][None] for name in self.output_shapes]

    def check_input(self, size_px):
        pass

    def refuse(self, expected, found):
        return InputError("no", expected=expected, found=found, hint="no")


def test_regions_are_in_pixels_of_the_picture(card):
    """A picture of 640x1024 px is looked at in 320x512: a cell is 8 px."""
    centres, sizes, points = crowd(3)
    one = dataclasses.replace(card, parameters={"regions": "boxes", "looks": [1.0]})
    network = Told(maps_of(centres, sizes, points))
    regions = movenet.load(network, one).detect(np.zeros((1024, 640, 3), np.uint8))
    assert network.asked == [(1, 3, 512, 320)]
    order, same = np.lexsort(regions[:, :2].T), np.lexsort(centres.T)
    assert np.allclose(regions[order, :2], centres[same] * 8)
    assert np.allclose(regions[order, 2:4], sizes[same] * 8)


def test_a_person_seen_in_two_looks_is_one(card):
    centres, sizes, points = crowd(2)
    both = dataclasses.replace(card, parameters=card.parameters | {"looks": [1.0, 1.0]})
    network = Told(maps_of(centres, sizes, points), maps_of(centres[:1] + 0.3, sizes[:1], points[:1]))
    assert len(movenet.load(network, both).detect(np.zeros((512, 320, 3), np.uint8))) == 2


@pytest.mark.parametrize(
    ("size", "fits"),
    [((1088, 1920), (320, 512)), ((1920, 1080), (512, 288)), ((512, 512), (512, 512)), ((4000, 20), (512, 32))],
)
def test_inputs_have_the_shape_of_the_picture(size, fits):
    assert movenet.fitting(np.zeros((size[1], size[0], 3), np.uint8), (512, 512)) == fits


def test_squares_hold_the_body_and_turn_with_it():
    points = np.full((3, 17, 2), 100.0)
    points[:, movenet.SHOULDERS] = [[[100, 60]], [[140, 100]], [[100, 140]]]  # upright, lying, upside down
    points[:, 15:] = [[[100, 180]], [[20, 100]], [[100, 20]]]
    points[:, :5] = [100, 40]
    shown = np.ones((3, 17))
    shown[:, :5] = 0
    regions = movenet.turned_regions(points, shown)
    assert np.allclose(regions[:, :2], 100)
    assert np.allclose(regions[:, 2:4], 2 * 1.25 * movenet.REACH * 80)
    assert np.allclose(regions[:, 4], [0, np.pi / 2, np.pi])


class TestContract:
    def test_a_network_with_other_maps_is_refused(self, card):
        network = Told()
        network.output_shapes["place"] = ("N", 17, "h", "w")
        with pytest.raises(InputError) as caught:
            movenet.load(network, card)
        assert "'place': 34" in str(caught.value)

    def test_unknown_regions_are_refused(self, card):
        with pytest.raises(InputError, match="turned, boxes"):
            movenet.load(Told(), dataclasses.replace(card, parameters={"regions": "round"}))

    def test_an_unknown_format_is_refused(self, card, tmp_path):
        text = card.path.read_text().replace('format = "tfjs"', 'format = "caffe"')
        (tmp_path / "x.toml").write_text(text)
        with pytest.raises(InputError, match=r"weights\.format 'caffe' \(onnx, tfjs, tflite\)"):
            read_model_card(str(tmp_path / "x.toml"), tmp_path)

    def test_a_file_beside_the_card_that_would_have_to_be_converted_is_refused(self, card, tmp_path):
        text = card.path.read_text().replace('asset = "movenet_multipose"', "")
        (tmp_path / "x.toml").write_text(text)
        with pytest.raises(InputError, match=r"weights\.asset"):
            read_model_card(str(tmp_path / "x.toml"), tmp_path)


# ---- the converter


def text(value):
    return {"s": base64.b64encode(value.encode()).decode()}


def integers(*values):
    return {"list": {"i": [str(value) for value in values]}}


class GraphModel:
    """A small graph model: normalisation, a strided convolution, a depthwise one, enlarging, a sum, an output."""

    def __init__(self):
        self.constants = {
            "mean": np.array([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3),
            "one": np.array(1.0),
            "k1": RANDOM.normal(size=(3, 3, 3, 4)),
            "b1": RANDOM.normal(size=4),
            "k2": RANDOM.normal(size=(3, 3, 4, 1)),
            "two": np.array([2, 2], np.int32),
            "k3": RANDOM.normal(size=(1, 1, 3, 4)),
            "b3": RANDOM.normal(size=4),
            "k4": RANDOM.normal(size=(1, 1, 4, 2)),
            "b4": RANDOM.normal(size=2),
            "from": np.array([1], np.int32),
        }
        strided = {"strides": integers(1, 2, 2, 1), "padding": text("SAME")}
        same = {"strides": integers(1, 1, 1, 1), "padding": text("SAME")}
        bias = {"fused_ops": {"list": {"s": [text("BiasAdd")["s"]]}}}
        relu6 = {"fused_ops": {"list": {"s": [text("BiasAdd")["s"], text("Relu6")["s"]]}}}
        self.nodes = [  # TensorFlow promises no order
            self.node("out", "_FusedConv2D", ["sum", "k4", "b4"], **same, **bias),
            self.node("picture", "Placeholder"),
            self.node("centred", "Sub", ["floats", "mean"]),
            self.node("floats", "Cast", ["picture"]),
            self.node("scaled", "Mul", ["centred", "one"]),
            self.node("c1", "_FusedConv2D", ["scaled", "k1", "b1"], **strided, **relu6),
            self.node("c2", "DepthwiseConv2dNative", ["c1", "k2"], **same),
            self.node("shape", "Shape", ["c2"]),
            self.node("hw", "StridedSlice", ["shape", "from", "from", "from"]),
            self.node("size", "Mul", ["hw", "two"]),
            self.node("up", "ResizeBilinear", ["c2", "size"], half_pixel_centers={"b": True}),
            self.node("side", "_FusedConv2D", ["scaled", "k3", "b3"], **same, **bias),
            self.node("sum", "AddV2", ["up", "side"]),
            self.node("sorted", "TopKV2", ["out"]),
        ]
        self.nodes += [self.node(name, "Const") for name in self.constants]

    @staticmethod
    def node(name, op, inputs=(), **attributes):
        return {"name": name, "op": op, "input": list(inputs), "attr": attributes}

    def write(self, folder):
        entries, content = [], b""
        for name, values in self.constants.items():
            stored = values.astype(np.int32 if values.dtype == np.int32 else np.float16)
            content += stored.tobytes()
            entry = {
                "name": name,
                "shape": list(values.shape),
                "dtype": "int32" if stored.dtype == np.int32 else "float32",
            }
            if stored.dtype == np.float16:
                entry["quantization"] = {"dtype": "float16"}
            entries.append(entry)
        manifest = [{"paths": ["weights.bin"], "weights": entries}]
        (folder / "weights.bin").write_bytes(content)
        model = {"modelTopology": {"node": self.nodes}, "weightsManifest": manifest}
        (folder / "model.json").write_text(json.dumps(model))
        return folder / "model.json"

    def expected(self, picture):
        """The output for a picture (H, W, 3), computed with OpenCV's filters."""
        value = {name: values.astype(np.float16).astype(float) for name, values in self.constants.items()}
        scaled = picture - value["mean"][0, 0]
        first = np.stack(
            [sum(self.filtered(scaled[..., i], value["k1"][..., i, o], 2) for i in range(3)) for o in range(4)], -1
        )
        first = np.clip(first + value["b1"], 0, 6)
        second = np.stack([self.filtered(first[..., i], value["k2"][..., i, 0], 1) for i in range(4)], -1)
        height, width = picture.shape[:2]
        total = (
            cv2.resize(second, (width, height), interpolation=cv2.INTER_LINEAR)
            + scaled @ value["k3"][0, 0]
            + value["b3"]
        )
        return total @ value["k4"][0, 0] + value["b4"]

    @staticmethod
    def filtered(channel, kernel, step):
        """SAME padding of TensorFlow: of an even side and a step of 2, the odd pixel is at the end."""
        full = cv2.filter2D(channel, cv2.CV_64F, np.ascontiguousarray(kernel), borderType=cv2.BORDER_CONSTANT)
        return full[step - 1 :: step, step - 1 :: step]


@pytest.mark.parametrize("size", [(8, 12), (32, 20)])
def test_a_graph_model_is_the_same_network_in_onnx(tmp_path, size):
    """Any size of picture, one or several at once; within 1e-4 of filters computed apart (measured: 3e-6)."""
    import onnxruntime

    graph = GraphModel()
    model = convert(graph.write(tmp_path), {"outputs": {"answer": "out"}})
    assert (
        convert(tmp_path / "model.json", {"outputs": {"answer": "out"}}).SerializeToString()
        == model.SerializeToString()
    )
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape == ["N", 3, "H", "W"]
    pictures = RANDOM.uniform(0, 3, (2, size[1], size[0], 3)).astype(np.float32)
    answer = session.run(["answer"], {"input": pictures.transpose(0, 3, 1, 2)})[0]
    for picture, found in zip(pictures, answer, strict=True):
        assert np.abs(found.transpose(1, 2, 0) - graph.expected(picture.astype(float))).max() < 1e-4


def _without_weights(graph, folder):
    (folder / "weights.bin").unlink()


def _with_short_weights(graph, folder):
    (folder / "weights.bin").write_bytes((folder / "weights.bin").read_bytes()[:-4])


def _with_long_weights(graph, folder):
    (folder / "weights.bin").write_bytes((folder / "weights.bin").read_bytes() + b"1234")


def _as_something_else(graph, folder):
    (folder / "model.json").write_text("[]")


@pytest.mark.parametrize("damage", [_without_weights, _with_short_weights, _with_long_weights, _as_something_else])
def test_damaged_files_are_not_converted(tmp_path, damage):
    graph = GraphModel()
    path = graph.write(tmp_path)
    damage(graph, tmp_path)
    with pytest.raises(InputError, match=r"model\.json can't be converted"):
        convert(path, {"outputs": {"answer": "out"}})


@pytest.mark.parametrize(
    ("output", "change", "complaint"),
    [
        ("sorted", {}, "TopKV2"),
        ("sum", {}, "no convolution"),
        ("nowhere", {}, "no node nowhere"),
        ("out", {"name": "c1", "op": "Conv3D"}, "Conv3D"),
        ("out", {"name": "size", "op": "Const"}, "constant factors"),
    ],
)
def test_what_is_not_covered_is_named(tmp_path, output, change, complaint):
    graph = GraphModel()
    for node in graph.nodes:
        if node["name"] == change.get("name"):
            node["op"] = change["op"]
    with pytest.raises(InputError, match=complaint):
        convert(graph.write(tmp_path), {"outputs": {"answer": output}})


def test_a_converter_is_part_of_no_other_formats_digest():
    """So that an edit of one, or a new one, converts nothing of the others anew."""
    from kineograph.planning.plan import CONVERTER

    digests = {code_digest(CONVERTER, plugin_module(CONVERTERS, name)) for name in plugin_names(CONVERTERS)}
    assert len(digests) == len(plugin_names(CONVERTERS))
    assert code_digest(CONVERTER) not in digests


# ---- the real network on the demo of two people

TENSORFLOW = (
    (
        0.6094,
        (0.4206, 0.3924, 0.9265, 0.9852),
        ((0.5199, 0.6523), (0.5592, 0.8592), (0.6840, 0.6017), (0.7048, 0.7190)),
    ),
    (
        0.5836,
        (0.1865, 0.0792, 0.6111, 0.6447),
        ((0.3519, 0.5888), (0.2886, 0.5174), (0.4149, 0.4437), (0.3858, 0.3789)),
    ),
)
"""What TensorFlow 2.21 gives for frame 40 of cam01, resized to 224x384 px: the score, the box (y0, x0, y1, x1), and the places
(y, x) of the shoulders and hips of both people, as parts of the picture."""

HIPS_PX = {("cam03", 20): ((578, 863), (241, 780)), ("cam03", 66): ((521, 806), (261, 784))}
"""Where the hips of P1 and P2 are, by the trial's 3D points; in frame 66 P2 hides the head of P1."""


@pytest.fixture(scope="module")
def networks(converted, tmp_path_factory, resources, skeletons):
    """The detector and the pose estimator."""
    folder = tmp_path_factory.mktemp("networks")
    found = {}
    for name in ("movenet_multipose", "blazepose_full"):
        (folder / f"{name}.onnx").write_bytes(converted(name))
        found[name] = (read_model_card(name, resources / "models"), folder / f"{name}.onnx")
    detector = load_detector(*found["movenet_multipose"], "cpu", 1)
    card, path = found["blazepose_full"]
    estimator, _ = load_pose_estimator(card, skeletons(card.skeleton), path, "cpu", 1)
    return SimpleNamespace(detector=detector, estimator=estimator)


@pytest.fixture(scope="module")
def frame(fetched):
    return lambda camera, number: video.frame_at(fetched("demo_multi") / "videos" / f"{camera}.mp4", number)


@pytest.mark.needs_demo
def test_the_network_says_what_tensorflow_says(networks, frame):
    """Within 0.005 of the picture and of the score (measured: 0.0003, the rounding of the written values and the decoding)."""
    picture = cv2.resize(frame("cam01", 40), (224, 384), interpolation=cv2.INTER_AREA)
    session = networks.detector.session
    outputs = session.run(np.ascontiguousarray(picture[None, :, :, ::-1].transpose(0, 3, 1, 2)).astype(np.float32))
    scores, boxes, points, _ = movenet.people(
        dict(zip(session.output_shapes, [o[0] for o in outputs], strict=True)), 0.4
    )
    order = np.argsort(-scores)
    assert len(scores) == len(TENSORFLOW)
    extent = np.array([96, 56])
    for person, (score, box, places) in zip(order, TENSORFLOW, strict=True):
        assert abs(scores[person] - score) < 0.005
        assert np.abs(boxes[person][[1, 0, 3, 2]] / np.tile(extent, 2) - box).max() < 0.005
        trunk = points[person][movenet.SHOULDERS + movenet.HIPS][:, ::-1] / extent
        assert np.abs(trunk - places).max() < 0.005


@pytest.mark.needs_demo
@pytest.mark.parametrize(("camera", "number"), HIPS_PX)
def test_both_people_of_the_demo_are_found_once_each(networks, frame, skeletons, camera, number):
    """Also where one stands before the other. Hips within 50 px, a tenth of their heights (measured: 30)."""
    skeleton = skeletons("blazepose")
    found = run(
        [frame(camera, number)], networks.detector, networks.estimator, camera=camera, skeleton=skeleton, fps_hz=60.0,
        n_frames=1, detect_every_frames=1, min_mean_confidence=0.4, max_pose_overlap=0.8, note=print,
    )  # fmt: skip
    hips = [skeleton.keypoints.index(name) for name in ("LHip", "RHip")]
    places = found.position_px[0][:, hips].mean(axis=1)
    away = np.linalg.norm(places[:, None] - np.array(HIPS_PX[camera, number])[None], axis=-1)
    print(away)
    assert len(places) == 2
    assert away.min(axis=0).max() < 50
    assert set(away.argmin(axis=0)) == {0, 1}


@pytest.mark.needs_demo
def test_the_demo_of_two_people_is_laid_out_and_planned(tmp_path, monkeypatch, repository):
    """The command, the sheets and the configuration agree: two participants, their starts, and a detector that sees both."""
    import yaml

    from kineograph.cli import demo_data
    from kineograph.planning.plan import Plan

    monkeypatch.chdir(tmp_path)
    config = yaml.safe_load((repository / "config" / "config.demo_two.yaml").read_text())
    demo_data.run(Namespace(folder=tmp_path / config["dataset"], people="two", calibration_pictures=False))
    plan = Plan(config, repository)
    [trial] = plan.dataset.trials
    assert len(trial.cameras) == 4
    assert set(config["association"]["start_m"]) == set(trial.participants) == {"P1", "P2"}
    assert [plan.dataset.participants[name].mass_kg for name in trial.participants] == [70, 63.5]
    networks = plan.pose_arguments(SimpleNamespace(session=trial.session, trial=trial.name, camera="cam01"))
    assert "movenet_multipose" in networks
