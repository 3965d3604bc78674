"""The convolutional part of a TensorFlow.js graph model as ONNX, for any size of picture.

A graph model is a JSON file with TensorFlow's graph, and a file of weights beside it. What finds maxima and sorts them at a
graph's end is left to decoders: the outputs are named nodes before that. Covers the operators that MobileNet backbones with
feature pyramids use, and refuses any other. Sources: the graph model format
(https://github.com/tensorflow/tfjs/blob/master/tfjs-converter/README.md) and TensorFlow's operators
(https://www.tensorflow.org/api_docs/python/tf/raw_ops).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from kineograph.errors import InputError
from kineograph.pose.converters._onnx_graph import NCHW_OF_NHWC, Array, OnnxGraph, Shape

_DTYPES = {"float32": np.float32, "float16": np.float16, "int32": np.int32}
_ELEMENTWISE = {"Sub": "Sub", "Mul": "Mul", "Add": "Add", "AddV2": "Add"}
_FUSED = {(): "", ("BiasAdd",): "", ("BiasAdd", "Relu"): "relu", ("BiasAdd", "Relu6"): "relu6"}

Node = dict[str, Any]


def convert(path: Path, options: Mapping[str, Any]) -> onnx.ModelProto:
    """Convert the part of a graph model between its picture and some of its nodes.

    Parameters
    ----------
    path : Path
        The graph model's JSON file.
    options : dict
        `outputs`: name of each output -> the node that gives it, which has to be a convolution.

    Returns
    -------
    onnx.ModelProto
        Input ``input`` (N, 3, H, W) float32, all axes but the channels free, and the named outputs.

    Raises
    ------
    InputError
        Where the file is no graph model, its weights are not beside it, or an operator is not covered.
    """
    try:
        model = json.loads(path.read_text(encoding="utf-8"))
        nodes = {node["name"]: node for node in model["modelTopology"]["node"]}
        constants = _weights(path.parent, model["weightsManifest"])
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise _unusable(path, f"{type(error).__name__}: {error}") from error
    return _Converter(path, nodes, constants).run(options["outputs"])


def _weights(folder: Path, manifest: list[dict[str, Any]]) -> dict[str, Array]:
    """The weights by node; those stored as float16 become float32."""
    found = {}
    for group in manifest:
        content = b"".join((folder / Path(name).name).read_bytes() for name in group["paths"])
        start = 0
        for entry in group["weights"]:
            stored = np.dtype(_DTYPES[entry.get("quantization", entry)["dtype"]])
            count = int(np.prod(entry["shape"]))
            values = np.frombuffer(content, stored, count, start).reshape(entry["shape"])
            found[entry["name"]] = values.astype(_DTYPES[entry["dtype"]])
            start += count * stored.itemsize
        if start != len(content):
            raise ValueError(f"{len(content)} bytes of weights where {start} are described")
    return found


class _Converter:
    """The state of one conversion."""

    def __init__(self, path: Path, nodes: dict[str, Node], constants: dict[str, Array]) -> None:
        self.path = path
        self.nodes = nodes
        self.constants = constants
        self.onnx = OnnxGraph()
        self.done: set[str] = set()
        self.channels: dict[str, int] = {}
        self.operators: dict[str, Callable[[Node], None]] = {
            "Placeholder": lambda node: None,
            "Cast": lambda node: self.onnx.add("Identity", [self._tensor(node["input"][0])], node["name"]),
            "ResizeBilinear": self._resize,
            "Conv2D": self._convolution,
            "_FusedConv2D": self._convolution,
            "DepthwiseConv2dNative": self._convolution,
            "FusedDepthwiseConv2dNative": self._convolution,
            **dict.fromkeys(_ELEMENTWISE, self._elementwise),
        }

    def run(self, outputs: Mapping[str, str]) -> onnx.ModelProto:
        pictures = [name for name, node in self.nodes.items() if node["op"] == "Placeholder"]
        if len(pictures) != 1:
            raise _unusable(self.path, f"{len(pictures)} inputs")
        for tensor in outputs.values():
            self._tensor(tensor)
            if tensor not in self.channels:
                raise _unusable(self.path, f"the output {tensor}, which is no convolution")
        shapes: dict[str, tuple[str, Shape]] = {
            name: (tensor, ["N", self.channels[tensor], "h", "w"]) for name, tensor in outputs.items()
        }
        return self.onnx.model(self.path.stem, pictures[0], ["N", 3, "H", "W"], shapes)

    def _tensor(self, name: str) -> str:
        """Convert a node, after those that it needs, and return the name of what it gives."""
        if name not in self.nodes:
            raise _unusable(self.path, f"no node {name}")
        if name not in self.done:
            node = self.nodes[name]
            if node["op"] not in self.operators:
                raise _unusable(self.path, f"the operator {node['op']} ({name})")
            self.operators[node["op"]](node)
            self.done.add(name)
        return name

    def _constant(self, name: str) -> Array:
        if name not in self.constants:
            raise _unusable(self.path, f"a computed {name} where a constant is wanted")
        return self.constants[name]

    def _operand(self, name: str) -> str:
        """The name of an input; constants become weights in ONNX's order of axes."""
        if name not in self.constants:
            return self._tensor(name)
        values = self.constants[name].astype(np.float32)
        if values.ndim not in (0, 1, 4):
            raise _unusable(self.path, f"a constant {name} of {values.ndim} axes")
        if values.ndim == 4:
            values = values.transpose(NCHW_OF_NHWC)
        return self.onnx.weight(name, values.reshape(-1, 1, 1) if values.ndim == 1 else values)

    # operators

    def _elementwise(self, node: Node) -> None:
        self.onnx.add(_ELEMENTWISE[node["op"]], [self._operand(name) for name in node["input"][:2]], node["name"])

    def _convolution(self, node: Node) -> None:
        name, attributes = node["name"], node["attr"]
        kernel = self._constant(node["input"][1])
        height, width, inside, outside = kernel.shape
        depthwise = "Depthwise" in node["op"]
        if depthwise:
            weights = kernel.transpose(2, 3, 0, 1).reshape(inside * outside, 1, height, width)
        else:
            weights = kernel.transpose(3, 2, 0, 1)
        fused = tuple(_text(item) for item in attributes.get("fused_ops", {}).get("list", {}).get("s", []))
        padding = _text(attributes["padding"]["s"])
        if fused not in _FUSED or padding not in ("SAME", "VALID") or _spatial(attributes, "dilations") != [1, 1]:
            raise _unusable(self.path, f"{node['op']} with {fused}, padding {padding}, or dilations")
        inputs = [self._tensor(node["input"][0]), self.onnx.weight(node["input"][1], weights)]
        if fused:
            inputs.append(self.onnx.weight(node["input"][2], self._constant(node["input"][2])))
        self.channels[name] = len(weights)
        self.onnx.add(
            "Conv",
            inputs,
            name,
            _FUSED[fused],
            kernel_shape=(height, width),
            strides=_spatial(attributes, "strides"),
            # TensorFlow's SAME puts the odd pixel at the bottom and right; how many there are depends on the picture.
            auto_pad="SAME_UPPER" if padding == "SAME" else "VALID",
            group=inside if depthwise else 1,
        )

    def _resize(self, node: Node) -> None:
        """Enlarging by whole factors: the size is computed as the input's height and width times a constant."""
        source, size = node["input"]
        factors = [self.constants[name] for name in self.nodes[size].get("input", []) if name in self.constants]
        if (
            self.nodes[size]["op"] != "Mul"
            or len(factors) != 1
            or factors[0].shape != (2,)
            or not self._is_size(size, source)
        ):
            raise _unusable(self.path, f"{node['name']}, which is not enlarged by constant factors")
        scales = self.onnx.weight(f"{node['name']}/scales", np.array([1, 1, *factors[0]], np.float32))
        mode = "half_pixel" if node["attr"].get("half_pixel_centers", {}).get("b") else "asymmetric"
        if node["attr"].get("align_corners", {}).get("b"):
            mode = "align_corners"
        inputs = [self._tensor(source), "", scales]
        self.onnx.add("Resize", inputs, node["name"], mode="linear", coordinate_transformation_mode=mode)

    def _is_size(self, name: str, source: str) -> bool:
        """Whether a computed size comes from the shape of `source` alone."""
        node = self.nodes[name]
        if node["op"] == "Shape":
            return bool(node["input"][0] == source)
        computed = [item for item in node.get("input", []) if item not in self.constants]
        return node["op"] in ("Mul", "StridedSlice") and len(computed) == 1 and self._is_size(computed[0], source)


def _spatial(attributes: dict[str, Any], key: str) -> list[int]:
    """The two middle values of an attribute that has one for each of N, H, W, C."""
    return [int(value) for value in attributes.get(key, {}).get("list", {}).get("i", [1, 1, 1, 1])][1:3]


def _text(encoded: str) -> str:
    return base64.b64decode(encoded).decode()


def _unusable(path: Path, found: str) -> InputError:
    return InputError(
        f"{path.name} can't be converted to ONNX",
        expected="a TensorFlow.js graph model of convolutions, with its weights beside it",
        found=found,
        hint="use the version of the package that resources/assets.toml pins",
    )
