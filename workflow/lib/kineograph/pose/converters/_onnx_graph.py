"""The ONNX graph that a converter builds: operators (https://onnx.ai/onnx/operators/) of opset 13.

TensorFlow keeps pictures as NHWC, ONNX as NCHW: converters transpose four-dimensional tensors on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 13
IR_VERSION = 8
NCHW_OF_NHWC = (0, 3, 1, 2)
Array = np.ndarray[Any, Any]
Shape = list[int | str]


class OnnxGraph:
    """The nodes and weights made so far."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, onnx.TensorProto] = {}

    def weight(self, name: str, values: Array) -> str:
        """Add a constant and return its name."""
        self.weights[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def add(self, kind: str, inputs: list[str], output: str, activation: str = "", **attributes: Any) -> None:
        """Add a node that makes `output`, followed by an activation: '', 'relu' or 'relu6'."""
        before = f"{output}_linear" if activation else output
        self.nodes.append(helper.make_node(kind, inputs, [before], **attributes))
        if activation == "relu":
            self.nodes.append(helper.make_node("Relu", [before], [output]))
        elif activation == "relu6":
            bounds = [self.weight("zero", np.array(0, np.float32)), self.weight("six", np.array(6, np.float32))]
            self.nodes.append(helper.make_node("Clip", [before, *bounds], [output]))

    def model(
        self, name: str, source: str, source_shape: Shape, results: Mapping[str, tuple[str, Shape]]
    ) -> onnx.ModelProto:
        """The finished model: the nodes that its outputs need.

        Parameters
        ----------
        name : str
            The graph's name.
        source : str
            The tensor that becomes ``input``.
        source_shape : list
            Its shape; a string stands for a free axis.
        results : dict
            Name of each output -> the tensor that becomes it, and its shape.
        """
        rename = {source: "input"} | {tensor: output for output, (tensor, _) in results.items()}
        for node in self.nodes:
            for names in (node.input, node.output):
                for position, old in enumerate(names):
                    names[position] = rename.get(old, old)
        nodes = _needed(self.nodes, set(results))
        used = {item for node in nodes for item in node.input}
        image = helper.make_tensor_value_info("input", TensorProto.FLOAT, source_shape)
        outputs = [helper.make_tensor_value_info(key, TensorProto.FLOAT, shape) for key, (_, shape) in results.items()]
        weights = [tensor for key, tensor in self.weights.items() if key in used]
        graph = helper.make_graph(nodes, name, [image], outputs, weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="kineograph")
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model)
        return model


def _needed(nodes: list[onnx.NodeProto], outputs: set[str]) -> list[onnx.NodeProto]:
    """The nodes that the outputs depend on, in order."""
    wanted, kept = set(outputs), []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            kept.append(node)
            wanted.update(node.input)
    return kept[::-1]
