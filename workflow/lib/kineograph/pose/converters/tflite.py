"""MediaPipe's pose networks from TFLite to ONNX.

Covers the operators that the BlazePose detector and landmark graphs use, and refuses any other. Four-dimensional tensors
are transposed on the way, others are not. Weights stored as float16 become float32. Source: the TFLite schema
(https://github.com/tensorflow/tensorflow/blob/master/tensorflow/lite/schema/schema.fbs).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tflite

from kineograph.errors import InputError
from kineograph.pose.converters._onnx_graph import NCHW_OF_NHWC, Array, OnnxGraph, Shape

_DTYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
}
_SPARSE_INDEX = {1: "Int32Vector", 2: "Uint16Vector", 3: "Uint8Vector"}
_OPERATORS = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}
_ACTIVATIONS = {
    tflite.ActivationFunctionType.NONE: "",
    tflite.ActivationFunctionType.RELU: "relu",
    tflite.ActivationFunctionType.RELU6: "relu6",
}


def convert(path: Path, options: Mapping[str, Any]) -> onnx.ModelProto:
    """Convert a TFLite graph with one image input.

    Parameters
    ----------
    path : Path
        The TFLite file, or a package that holds one.
    options : dict
        `outputs`: names for the graph's outputs in their order; an empty name drops that output and what only it needs.
        `offset`: byte at which the TFLite file begins in `path`, 0 where it is left out.

    Returns
    -------
    onnx.ModelProto
        Input ``input`` (N, C, H, W) float32 with a free batch axis, and the named outputs.

    Raises
    ------
    InputError
        Where the file is no TFLite graph, or uses an operator that is not covered.
    """
    content = path.read_bytes()[int(options.get("offset", 0)) :]
    if content[4:8] != b"TFL3":
        raise _unusable(path, "a file without the mark 'TFL3'")
    converter = _Converter(path, tflite.Model.GetRootAsModel(content, 0))
    return converter.run(options["outputs"])


class _Converter:
    """The state of one conversion: the TFLite graph, and the ONNX nodes and weights made so far."""

    def __init__(self, path: Path, model: Any) -> None:
        self.path = path
        self.model = model
        self.graph = model.Subgraphs(0)
        self.tensors = [self.graph.Tensors(i) for i in range(self.graph.TensorsLength())]
        self.constants: dict[int, Array] = {}
        self.onnx = OnnxGraph()
        self.converters: dict[str, Callable[[_Operator], None]] = {
            "DEQUANTIZE": self._constant,
            "DENSIFY": self._constant,
            "CONV_2D": self._convolution,
            "DEPTHWISE_CONV_2D": self._convolution,
            "MAX_POOL_2D": self._max_pool,
            "PAD": self._pad,
            "ADD": self._add,
            "RESIZE_BILINEAR": self._resize,
            "DEPTH_TO_SPACE": self._depth_to_space,
            "LOGISTIC": self._sigmoid,
            "RESHAPE": self._reshape,
            "CONCATENATION": self._concatenate,
        }

    def run(self, output_names: list[str]) -> onnx.ModelProto:
        for index in range(self.graph.OperatorsLength()):
            operator = _Operator(self.model, self.graph.Operators(index), index)
            if operator.name not in self.converters:
                raise _unusable(self.path, f"the operator {operator.name}")
            self.converters[operator.name](operator)
        source = self.graph.Inputs(0)
        tensors = {name: self.graph.Outputs(place) for place, name in enumerate(output_names) if name}
        results = {name: (_name(tensor), self._free_shape(tensor)) for name, tensor in tensors.items()}
        return self.onnx.model(self.path.stem, _name(source), self._free_shape(source), results)

    # tensors

    def shape(self, tensor: int) -> list[int]:
        item = self.tensors[tensor]
        return [item.Shape(axis) for axis in range(item.ShapeLength())]

    def constant(self, tensor: int) -> Array | None:
        """The value of a constant tensor, None for one that is computed."""
        if tensor not in self.constants:
            item = self.tensors[tensor]
            buffer = self.model.Buffers(item.Buffer())
            if buffer.DataLength() == 0:
                return None
            values: Array = np.frombuffer(buffer.DataAsNumpy().tobytes(), _DTYPES[item.Type()])
            sparsity = item.Sparsity()
            shape = self.shape(tensor)
            self.constants[tensor] = values.reshape(shape) if sparsity is None else _densify(sparsity, shape, values)
        return self.constants[tensor]

    def operand(self, tensor: int) -> str:
        """The name of an operator's input; constants become weights in ONNX's axis order."""
        values = self.constant(tensor)
        if values is None:
            return _name(tensor)
        values = values.astype(np.float32)
        return self.onnx.weight(f"constant{tensor}", values.transpose(NCHW_OF_NHWC) if values.ndim == 4 else values)

    def emit(self, operator: _Operator, kind: str, inputs: list[str], activation: int = 0, **attributes: Any) -> None:
        """Add a node that makes the operator's output, with the activation that TFLite fuses into it."""
        if activation not in _ACTIVATIONS:
            raise _unusable(self.path, f"the activation {activation} of {operator.name}")
        self.onnx.add(kind, inputs, _name(operator.outputs[0]), _ACTIVATIONS[activation], **attributes)

    def _free_shape(self, tensor: int) -> Shape:
        shape = self.shape(tensor)
        if len(shape) == 4:
            shape = [shape[axis] for axis in NCHW_OF_NHWC]
        return ["N", *shape[1:]]

    # operators

    def _constant(self, operator: _Operator) -> None:
        values = self.constant(operator.inputs[0])
        if values is None:
            raise _unusable(self.path, f"{operator.name} of a computed tensor")
        self.constants[operator.outputs[0]] = values.astype(np.float32) if operator.name == "DEQUANTIZE" else values

    def _convolution(self, operator: _Operator) -> None:
        depthwise = operator.name == "DEPTHWISE_CONV_2D"
        options = operator.options(tflite.DepthwiseConv2DOptions if depthwise else tflite.Conv2DOptions)
        kernel, bias = self.constant(operator.inputs[1]), self.constant(operator.inputs[2])
        if kernel is None or bias is None:
            raise _unusable(self.path, f"{operator.name} with computed weights")
        strides = (options.StrideH(), options.StrideW())
        dilations = (options.DilationHFactor(), options.DilationWFactor())
        size = kernel.shape[1:3]
        weights = kernel.astype(np.float32).transpose((3, 0, 1, 2) if depthwise else (0, 3, 1, 2))
        self.emit(
            operator,
            "Conv",
            [
                _name(operator.inputs[0]),
                self.onnx.weight(f"kernel{operator.index}", weights),
                self.onnx.weight(f"bias{operator.index}", bias.astype(np.float32)),
            ],
            options.FusedActivationFunction(),
            strides=strides,
            dilations=dilations,
            pads=self._padding(operator, options, size, strides, dilations),
            group=self.shape(operator.inputs[0])[3] if depthwise else 1,
            kernel_shape=size,
        )

    def _max_pool(self, operator: _Operator) -> None:
        options = operator.options(tflite.Pool2DOptions)
        strides = (options.StrideH(), options.StrideW())
        size = (options.FilterHeight(), options.FilterWidth())
        self.emit(
            operator,
            "MaxPool",
            [_name(operator.inputs[0])],
            options.FusedActivationFunction(),
            strides=strides,
            kernel_shape=size,
            pads=self._padding(operator, options, size, strides, (1, 1)),
        )

    def _padding(
        self, operator: _Operator, options: Any, size: Any, strides: tuple[int, int], dilations: tuple[int, int]
    ) -> list[int]:
        """ONNX's pads (top, left, bottom, right) of TFLite's SAME, whose odd pixel goes to the bottom and right."""
        if options.Padding() == tflite.Padding.VALID:
            return [0, 0, 0, 0]
        before, after = [], []
        for axis in (0, 1):
            have, want = self.shape(operator.inputs[0])[1 + axis], self.shape(operator.outputs[0])[1 + axis]
            total = max((want - 1) * strides[axis] + (size[axis] - 1) * dilations[axis] + 1 - have, 0)
            before.append(total // 2)
            after.append(total - total // 2)
        return before + after

    def _pad(self, operator: _Operator) -> None:
        pads = self.constant(operator.inputs[1])
        if pads is None:
            raise _unusable(self.path, "PAD by a computed amount")
        nchw = pads.astype(np.int64)[list(NCHW_OF_NHWC)]
        amounts = self.onnx.weight(f"pads{operator.index}", np.concatenate([nchw[:, 0], nchw[:, 1]]))
        self.emit(operator, "Pad", [_name(operator.inputs[0]), amounts], mode="constant")

    def _add(self, operator: _Operator) -> None:
        options = operator.options(tflite.AddOptions)
        inputs = [self.operand(tensor) for tensor in operator.inputs]
        self.emit(operator, "Add", inputs, options.FusedActivationFunction())

    def _resize(self, operator: _Operator) -> None:
        options = operator.options(tflite.ResizeBilinearOptions)
        have, want = self.shape(operator.inputs[0]), self.shape(operator.outputs[0])
        scales = self.onnx.weight(
            f"scales{operator.index}", np.array([1, 1, want[1] / have[1], want[2] / have[2]], np.float32)
        )
        mode = "asymmetric"
        if options.AlignCorners():
            mode = "align_corners"
        elif options.HalfPixelCenters():
            mode = "half_pixel"
        inputs = [_name(operator.inputs[0]), "", scales]
        self.emit(operator, "Resize", inputs, mode="linear", coordinate_transformation_mode=mode)

    def _depth_to_space(self, operator: _Operator) -> None:
        block = operator.options(tflite.DepthToSpaceOptions).BlockSize()
        self.emit(operator, "DepthToSpace", [_name(operator.inputs[0])], blocksize=block, mode="DCR")

    def _sigmoid(self, operator: _Operator) -> None:
        self.emit(operator, "Sigmoid", [_name(operator.inputs[0])])

    def _reshape(self, operator: _Operator) -> None:
        have, want = self.shape(operator.inputs[0]), self.shape(operator.outputs[0])
        if want[0] != 1 or len(want) == 4:
            raise _unusable(self.path, f"RESHAPE to {want}")
        source = _name(operator.inputs[0])
        if len(have) == 4:  # the flat order is TFLite's
            self.onnx.add("Transpose", [source], f"{source}_nhwc{operator.index}", perm=(0, 2, 3, 1))
            source = f"{source}_nhwc{operator.index}"
        shape = self.onnx.weight(f"shape{operator.index}", np.array([-1, *want[1:]], np.int64))
        self.emit(operator, "Reshape", [source, shape])

    def _concatenate(self, operator: _Operator) -> None:
        options = operator.options(tflite.ConcatenationOptions)
        rank = len(self.shape(operator.outputs[0]))
        axis = options.Axis() % rank
        if rank == 4:
            axis = NCHW_OF_NHWC.index(axis)
        inputs = [self.operand(tensor) for tensor in operator.inputs]
        self.emit(operator, "Concat", inputs, options.FusedActivationFunction(), axis=axis)


class _Operator:
    """One TFLite operator: its name, tensors and options."""

    def __init__(self, model: Any, operator: Any, index: int) -> None:
        code = model.OperatorCodes(operator.OpcodeIndex())
        self.index = index
        self.name = _OPERATORS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        self.inputs = [operator.Inputs(i) for i in range(operator.InputsLength())]
        self.outputs = [operator.Outputs(i) for i in range(operator.OutputsLength())]
        self._operator = operator

    def options(self, kind: Any) -> Any:
        options, table = kind(), self._operator.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        return options


def _name(tensor: int) -> str:
    return f"tensor{tensor}"


def _densify(sparsity: Any, shape: list[int], values: Array) -> Array:
    """A tensor that TFLite stores block-sparse, in full.

    Levels are walked in the traversal order; a dense level visits all its indices, a sparse one those that its segments
    list. Levels beyond the tensor's rank index inside blocks.
    """
    rank = len(shape)
    order = [sparsity.TraversalOrder(i) for i in range(sparsity.TraversalOrderLength())]
    block_axes = [sparsity.BlockMap(i) for i in range(sparsity.BlockMapLength())]
    levels = [_sparse_level(sparsity.DimMetadata(i)) for i in range(sparsity.DimMetadataLength())]
    block_size = np.ones(rank, int)
    for block, axis in enumerate(block_axes):
        block_size[axis] = levels[order.index(rank + block)][0]
    positions = np.zeros(1, int)
    indices = np.zeros((1, len(order)), int)
    for level, (size, segments, listed) in enumerate(levels):
        if segments is None:
            children = np.tile(np.arange(size), len(positions))
            parents = np.repeat(np.arange(len(positions)), size)
            new_positions = positions[parents] * size + children
        else:
            counts = segments[positions + 1] - segments[positions]
            parents = np.repeat(np.arange(len(positions)), counts)
            starts = np.repeat(segments[positions], counts)
            within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            new_positions = starts + within
            children = listed[new_positions]
        indices = indices[parents]
        indices[:, level] = children
        positions = new_positions
    place = np.zeros((len(positions), rank), int)
    for level, axis in enumerate(order):
        if axis < rank:
            place[:, axis] += indices[:, level] * block_size[axis]
        else:
            place[:, block_axes[axis - rank]] += indices[:, level]
    dense: Array = np.zeros(shape, values.dtype)
    dense[tuple(place.T)] = values[positions]
    return dense


def _sparse_level(metadata: Any) -> tuple[int, Any, Any]:
    if metadata.Format() == tflite.DimensionType.DENSE:
        return metadata.DenseSize(), None, None
    return (
        0,
        _sparse_indices(metadata.ArraySegmentsType(), metadata.ArraySegments()),
        _sparse_indices(metadata.ArrayIndicesType(), metadata.ArrayIndices()),
    )


def _sparse_indices(kind: int, table: Any) -> Array:
    vector = getattr(tflite, _SPARSE_INDEX[kind])()
    vector.Init(table.Bytes, table.Pos)
    return np.array([vector.Values(i) for i in range(vector.ValuesLength())], int)


def _unusable(path: Path, found: str) -> InputError:
    return InputError(
        f"{path.name} can't be converted to ONNX",
        expected="a MediaPipe pose graph in TFLite",
        found=found,
        hint="use the version of the package that resources/assets.toml pins",
    )
