"""Loading a network into ONNX Runtime, on the device that was asked for, and running batches through it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kineograph.catalog.assets import default_cache
from kineograph.errors import DeviceError, InputError

Device = Literal["auto", "cpu", "cuda", "tensorrt"]
Precision = Literal["fp32", "fp16"]
LARGEST_BATCH = 32
"""More pictures are run in several batches: so a crowd takes no more memory than a few people."""
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}
_TRIED = {"auto": ["cuda", "cpu"], "cpu": ["cpu"], "cuda": ["cuda", "cpu"], "tensorrt": ["tensorrt", "cuda", "cpu"]}
"""ONNX Runtime runs on the first what it can, and on the next ones the few operations that the first does not know."""


class Session:
    """A loaded network.

    Parameters
    ----------
    path : Path
        The ONNX file.
    device : str
        ``cpu``, ``cuda``, ``tensorrt``, or ``auto`` for CUDA where it works and else the CPU.
    threads : int
        CPU threads; they sleep while they wait.
    precision : str
        ``fp16`` computes in half precision on a GPU; on the CPU, where that is slower, ``auto`` stays with ``fp32``.

    Attributes
    ----------
    device, precision : str
        What it really runs on, and in.
    input_shape : tuple
        The network's input shape; a string stands for a free axis.
    output_shapes : dict
        Shape of each output by name.

    Raises
    ------
    InputError
        Where the file is no ONNX network, or its input is none of pictures.
    DeviceError
        Where a GPU was asked for and can't be used, or half precision on the CPU.
    """

    def __init__(self, path: Path, device: Device, threads: int, precision: Precision = "fp32") -> None:
        import onnxruntime

        if device == "cpu" and precision == "fp16":
            raise DeviceError(
                "half precision needs a GPU (pose.precision: fp16)",
                expected="pose.device cuda, tensorrt or auto",
                found="pose.device: cpu",
                hint="set pose.precision to fp32",
            )
        self.path = path
        there = onnxruntime.get_available_providers()
        if device in ("cuda", "tensorrt") and _PROVIDERS[device] not in there:
            raise _no_gpu(device, f"an ONNX Runtime with {', '.join(there)}")
        tried = [name for name in _TRIED[device] if _PROVIDERS[name] in there]
        if tried[0] == "cpu":
            precision = "fp32"
        self._session, self.device = self._load(tried, threads, precision)
        if device in ("cuda", "tensorrt") and self.device != device:
            raise _no_gpu(device, f"a {device} that ONNX Runtime could not start: it took {self.device}")
        if self.device == "cpu" and precision == "fp16":
            precision = "fp32"
            self._session, self.device = self._load(["cpu"], threads, precision)
        self.precision = precision
        self._memory = None if self.device == "cpu" else "cuda"
        self._buffers: dict[tuple[int, ...], Any] = {}
        self._check_input_kind()
        source = self._session.get_inputs()[0]
        self._input = source.name
        self.input_shape = tuple(source.shape)
        self.output_shapes = {item.name: tuple(item.shape) for item in self._session.get_outputs()}
        self.batches = not isinstance(self.input_shape[0], int)

    def run(self, images: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """The outputs for pictures (N, 3, H, W); a network with a fixed batch of one is run N times."""
        most = LARGEST_BATCH if self.batches else 1
        if len(images) <= most:
            return self._run(images)
        parts = [self._run(images[start : start + most]) for start in range(0, len(images), most)]
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]

    def _run(self, images: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        if self._memory is None:
            return self._session.run(None, {self._input: images})  # type: ignore[no-any-return]
        binding = self._session.io_binding()
        binding.bind_ortvalue_input(self._input, self._on_device(images))
        for name in self.output_shapes:
            binding.bind_output(name, self._memory)
        self._session.run_with_iobinding(binding)
        return binding.copy_outputs_to_cpu()  # type: ignore[no-any-return]

    def _on_device(self, images: NDArray[np.float32]) -> Any:
        """The pictures in the device's memory, in a buffer that later batches of this size use again."""
        import onnxruntime

        images = np.ascontiguousarray(images)
        buffer = self._buffers.get(images.shape)
        if buffer is None:
            buffer = onnxruntime.OrtValue.ortvalue_from_numpy(images, self._memory, 0)
            self._buffers[images.shape] = buffer
        else:
            buffer.update_inplace(images)
        return buffer

    def probed_shapes(self) -> list[tuple[int | str, ...]]:
        """The outputs' shapes; where the file leaves open more than the batch, those that a black picture gives."""
        shapes = list(self.output_shapes.values())
        if all(isinstance(axis, int) for shape in shapes for axis in shape[1:]):
            return shapes
        sides = [side if isinstance(side, int) else 0 for side in self.input_shape[2:]]
        if not all(sides):
            return shapes
        return [output.shape for output in self.run(np.zeros((1, 3, *sides), np.float32))]

    def check_input(self, size_px: tuple[int, int]) -> None:
        """Raise InputError unless the network takes pictures of that width and height, one at a time or any number."""
        width, height = size_px
        wanted = (1, 3, height, width)
        for have, want in zip(self.input_shape, wanted, strict=True):
            if isinstance(have, int) and have != want:
                raise self.refuse(
                    f"an input of {width}x{height} px, as its card says: (batch, 3, {height}, {width}) with a batch of 1 or free",
                    str(self.input_shape),
                )

    def refuse(self, expected: str, found: str) -> InputError:
        """The error for a network whose interface is not what its card says."""
        return InputError(
            f"the network {self.path.name} does not fit its model card",
            expected=expected,
            found=found,
            hint="correct input_px, decoder or skeleton in the card, or take the weights that belong to it",
        )

    def _load(self, tried: list[str], threads: int, precision: Precision) -> tuple[Any, str]:
        """The network on the first of these devices that works, and which that is."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            source = half_precision(self.path) if precision == "fp16" and tried[0] == "cuda" else str(self.path)
            providers = [(_PROVIDERS[name], self._provider_options(name, precision)) for name in tried]
            session = onnxruntime.InferenceSession(source, options, providers=providers)
        except Exception as error:  # its classes differ from release to release
            raise InputError(
                f"{self.path} can't be loaded as a network",
                expected="an ONNX file",
                found=str(error).splitlines()[0] if self.path.exists() else "no such file",
                hint="remove it so that it is fetched again, or correct 'weights' in its model card",
            ) from error
        taken = session.get_providers()[0]
        return session, next(name for name, provider in _PROVIDERS.items() if provider == taken)

    def _provider_options(self, name: str, precision: Precision) -> dict[str, str]:
        if name == "cuda":
            # the algorithm is chosen by rule, not by trying all: batches differ in size, and results stay the same
            return {"cudnn_conv_algo_search": "HEURISTIC", "arena_extend_strategy": "kSameAsRequested"}
        if name == "tensorrt":
            return tensorrt_options(self.path, precision, default_cache() / "tensorrt")
        return {}

    def _check_input_kind(self) -> None:
        sources = self._session.get_inputs()
        if len(sources) != 1 or len(sources[0].shape) != 4 or sources[0].type != "tensor(float)":
            found = ", ".join(f"{item.name} {item.shape} of {item.type}" for item in sources) or "none"
            raise self.refuse("one input, pictures (batch, 3, height, width) of float32", found)


def half_precision(path: Path) -> bytes:
    """An ONNX network that computes in half precision, its input and outputs still in float32."""
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    model = convert_float_to_float16(onnx.load(path), keep_io_types=True)
    return bytes(model.SerializeToString())


def tensorrt_options(path: Path, precision: Precision, cache: Path) -> dict[str, str]:
    """TensorRT's options: half precision, engines that are kept from job to job, and the batches that they must take."""
    import onnx

    cache.mkdir(parents=True, exist_ok=True)
    options = {
        "trt_fp16_enable": str(precision == "fp16"),
        "trt_engine_cache_enable": "True",
        "trt_engine_cache_path": str(cache),
    }
    source = onnx.load(path, load_external_data=False).graph.input[0]
    batch, *sides = (axis.dim_value for axis in source.type.tensor_type.shape.dim)
    if batch == 0 and all(sides):
        for part, number in (("min", 1), ("opt", 8), ("max", LARGEST_BATCH)):
            options[f"trt_profile_{part}_shapes"] = f"{source.name}:{'x'.join(map(str, (number, *sides)))}"
    return options


def _no_gpu(device: str, found: str) -> DeviceError:
    return DeviceError(
        f"the GPU can't be used (pose.device: {device})",
        expected=f"ONNX Runtime with a working {device} provider",
        found=found,
        hint="install envs/pose-gpu.lock and its CUDA libraries, or set pose.device to cpu or auto",
    )
