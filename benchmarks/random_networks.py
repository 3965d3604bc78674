"""Networks of random weights with the interface and about the cost of real ones, for timing where weights can't be had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def random_network(
    path: Path, size_px: tuple[int, int], widths: list[int], depth: int, outputs: dict[str, list[int]]
) -> Path:
    """A convolutional network: strides of two with these widths, `depth` 3x3 layers in each, then a dense layer an output."""
    random = np.random.default_rng(0)
    nodes, weights = [], []

    def add(kind: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        name = out or f"n{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def weight(shape: list[int], scale: float) -> str:
        values = random.normal(0, scale, shape).astype(np.float32)
        weights.append(numpy_helper.from_array(values, f"w{len(weights)}"))
        return weights[-1].name

    last, channels = "input", 3
    for width in widths:
        for layer in range(depth):
            stride = 2 if layer == 0 else 1
            kernel = weight([width, channels, 3, 3], (2 / (9 * channels)) ** 0.5)
            last = add("Conv", last, kernel, kernel_shape=[3, 3], pads=[1] * 4, strides=[stride] * 2)
            last, channels = add("Relu", last), width
    pooled = add("Flatten", add("GlobalAveragePool", last), axis=1)
    for name, shape in outputs.items():
        dense = add("MatMul", pooled, weight([channels, int(np.prod(shape))], 0.05))
        shaped = numpy_helper.from_array(np.array([-1, *shape], np.int64), f"s{len(weights)}")
        weights.append(shaped)
        add("Reshape", dense, shaped.name, out=name)
    width, height = size_px
    tensors = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape]) for name, shape in outputs.items()
    ]
    source = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, height, width])
    model = helper.make_model(helper.make_graph(nodes, "random", [source], tensors, weights))
    model.opset_import[0].version, model.ir_version = 13, 8
    onnx.save(model, path)
    return path


def networks(folder: Path, people: int) -> tuple[Path, Path]:
    """A pose network of RTMPose-m's interface (2.0 billion multiplications a crop, RTMPose-m 1.9) and a detector that always
    finds the same people (3.3 billion a picture, YOLOX-tiny 3.2).
    """
    pose = random_network(
        folder / "pose.onnx", (192, 256), [36, 72, 144, 320, 704], 3, {"simcc_x": [26, 384], "simcc_y": [26, 512]}
    )
    detector = random_network(folder / "detector.onnx", (416, 416), [24, 56, 112, 224, 384], 3, {"raw": [people, 5]})
    model = onnx.load(detector)
    boxes = np.array([[[60.0 + 150 * k, 20, 170 + 150 * k, 230, 0.9] for k in range(people)]], np.float32)
    model.graph.initializer.extend(
        [numpy_helper.from_array(boxes, "boxes"), numpy_helper.from_array(np.float32(0), "none")]
    )
    model.graph.node.append(helper.make_node("Mul", ["raw", "none"], ["nothing"]))
    model.graph.node.append(helper.make_node("Add", ["nothing", "boxes"], ["dets"]))
    model.graph.output[0].name = "dets"
    onnx.save(model, detector)
    return pose, detector
