"""Tiny networks with the interfaces of real ones, whose answers can be computed by hand.

The pose network has RTMPose's interface: keypoint k is the place in the picture that has colour k. The detector has
YOLOX's (with its own suppression): the box around everything bright. The raw detector puts out given numbers.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MEAN = (123.675, 116.28, 103.53)
STD = (58.395, 57.12, 57.375)
BRIGHT = 200.0

COLOURS = np.array([c for c in product((0, 128, 255), repeat=3) if max(c) == 255 or sum(c) == 384], float)
COLOURS = np.concatenate(
    [COLOURS, [[64, 64, 255], [255, 64, 192], [64, 255, 192], [192, 255, 64], [255, 192, 64], [64, 192, 255]]]
)[:26]
"""26 colours (blue, green, red), each far from the others and from black."""


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, values) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def __call__(self, kind: str, *inputs, out: str | None = None, **attributes) -> str:
        out = out or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out

    def save(self, path: Path, inputs: list, outputs: list) -> Path:
        graph = helper.make_graph(self.nodes, "synthetic", inputs, outputs, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        onnx.checker.check_model(model)
        onnx.save(model, path)
        return path


def _tensor(name: str, shape: list) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _scores(g: _Graph, colours) -> str:
    """A map a colour (batch, K, H, W) of how near each pixel's colour is to it, 1 where it is the same."""
    count = len(colours)
    unit = (np.asarray(colours, np.float32) / 255).astype(np.float32)
    scaled = g("Mul", "input", g.weight((np.float32(STD) / 255).reshape(1, 3, 1, 1)))
    value = g("Add", scaled, g.weight((np.float32(MEAN) / 255).reshape(1, 3, 1, 1)))
    square = g("ReduceSum", g("Mul", value, value), g.weight(np.array([1], np.int64)), keepdims=1)
    kernel, bias = g.weight((2 * unit).reshape(count, 3, 1, 1)), g.weight(-(unit**2).sum(axis=1))
    closeness = g("Sub", g("Conv", value, kernel, bias, kernel_shape=[1, 1]), square)
    score = g("Exp", g("Mul", closeness, g.weight(np.float32(30.0))))
    return g("AveragePool", score, kernel_shape=[5, 5], pads=[2, 2, 2, 2])


def pose_network(path: Path, size_px=(192, 256), colours=COLOURS, batch: int | str = "batch", free=False) -> Path:
    """RTMPose's interface: (batch, 3, H, W) -> simcc_x (batch, K, 2W), simcc_y (batch, K, 2H); `free` leaves K unstated."""
    width, height = size_px
    count = len(colours)
    g = _Graph()
    smooth = _scores(g, colours)
    for name, axis, length, scale in (("simcc_x", 2, width, [1, 1, 1, 2]), ("simcc_y", 3, height, [1, 1, 2, 1])):
        profile = g("ReduceMax", smooth, axes=[axis], keepdims=1)
        wide = g(
            "Resize",
            profile,
            "",
            g.weight(np.float32(scale)),
            mode="linear",
            coordinate_transformation_mode="asymmetric",
        )
        g("Reshape", wide, g.weight(np.array([0, 0, 2 * length], np.int64)), out=name)
    stated = "keypoints" if free else count
    outputs = [_tensor("simcc_x", [batch, stated, 2 * width]), _tensor("simcc_y", [batch, stated, 2 * height])]
    return g.save(path, [_tensor("input", [batch, 3, height, width])], outputs)


def heatmap_network(path: Path, size_px=(192, 256), colours=COLOURS) -> Path:
    """ViTPose's interface: (batch, 3, H, W) -> heatmaps (batch, K, H / 4, W / 4)."""
    width, height = size_px
    g = _Graph()
    g("AveragePool", _scores(g, colours), kernel_shape=[4, 4], strides=[4, 4], out="heatmaps")
    output = _tensor("heatmaps", ["batch", len(colours), height // 4, width // 4])
    return g.save(path, [_tensor("input", ["batch", 3, height, width])], [output])


def box_network(path: Path, size_px=(416, 416)) -> Path:
    """YOLOX's interface with suppression: (1, 3, H, W) -> (1, 1, 5), the box around all bright pixels, score 0.9."""
    width, height = size_px
    g = _Graph()
    brightest = g("ReduceMax", "input", axes=[1], keepdims=1)
    bright = g("Cast", g("Greater", brightest, g.weight(np.float32(BRIGHT))), to=TensorProto.FLOAT)
    ends = []
    for axis, length in ((2, width), (3, height)):
        profile = g(
            "Reshape", g("ReduceMax", bright, axes=[axis], keepdims=1), g.weight(np.array([1, length], np.int64))
        )
        first = g("Cast", g("ArgMax", profile, axis=1, keepdims=1), to=TensorProto.FLOAT)
        last = g("ArgMax", profile, axis=1, keepdims=1, select_last_index=1)
        ends.append((first, g("Cast", last, to=TensorProto.FLOAT)))
    (x0, x1), (y0, y1) = ends
    row = g("Concat", x0, y0, x1, y1, g.weight(np.array([[0.9]], np.float32)), axis=1)
    g("Reshape", row, g.weight(np.array([1, 1, 5], np.int64)), out="dets")
    return g.save(path, [_tensor("input", [1, 3, height, width])], [_tensor("dets", [1, 1, 5])])


def constant_network(path: Path, values: np.ndarray, size_px=(416, 416), **more: np.ndarray) -> Path:
    """Puts out `values`, as `dets`, and `more` by their names, whatever the picture."""
    g = _Graph()
    nothing = g("Mul", g("ReduceMean", "input", keepdims=0), g.weight(np.float32(0)))
    outputs = {"dets": values, **more}
    for name, array in outputs.items():
        g("Add", g.weight(array.astype(np.float32)), nothing, out=name)
    tensors = [_tensor(name, list(array.shape)) for name, array in outputs.items()]
    return g.save(path, [_tensor("input", [1, 3, size_px[1], size_px[0]])], tensors)


def write_cards(folder: Path) -> Path:
    """Write the pose network and the detector with their model cards; the path of the pose network's card."""
    folder.mkdir(parents=True, exist_ok=True)
    pose_network(folder / "dots.onnx")
    box_network(folder / "box.onnx")
    (folder / "dots.toml").write_text(f"""name = "dots"
licence = "synthetic"
kind = "pose"
decoder = "simcc"
skeleton = "halpe26"
detector = "box.toml"
input_px = [192, 256]
mean = {list(MEAN)}
std = {list(STD)}
[weights]
file = "dots.onnx"
""")
    (folder / "box.toml").write_text("""name = "box"
licence = "synthetic"
kind = "detector"
decoder = "person_boxes"
input_px = [416, 416]
[weights]
file = "box.onnx"
""")
    return folder / "dots.toml"


def render(pixels: np.ndarray, size_px: tuple[int, int], radius_px: int = 7) -> np.ndarray:
    """A black picture with a dot of colour k at each finite place k (K, 2)."""
    import cv2

    image = np.zeros((size_px[1], size_px[0], 3), np.uint8)
    for place, colour in zip(pixels, COLOURS, strict=False):
        if np.isfinite(place).all():
            shift = 4
            centre = tuple(round(v * 2**shift) for v in place.tolist())
            cv2.circle(image, centre, radius_px << shift, colour.tolist(), -1, cv2.LINE_AA, shift)
    return image
