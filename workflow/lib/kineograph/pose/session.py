"""Loading a network into ONNX Runtime, on the device that was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kineograph.errors import DeviceError, InputError

Device = Literal["auto", "cpu", "cuda"]
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class Session:
    """A loaded network.

    Parameters
    ----------
    path : Path
        The ONNX file.
    device : str
        ``cpu``, ``cuda``, or ``auto`` for CUDA where it works and else the CPU.
    threads : int
        CPU threads; they sleep while they wait.

    Attributes
    ----------
    device : str
        The device that it really runs on.
    input_shape : tuple
        The network's input shape; a string stands for a free axis.
    output_shapes : dict
        Shape of each output by name.

    Raises
    ------
    InputError
        Where the file is no ONNX network.
    DeviceError
        Where CUDA was asked for and can't be used.
    """

    def __init__(self, path: Path, device: Device, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        there = onnxruntime.get_available_providers()
        wanted = [_PROVIDERS["cpu"]]
        if device != "cpu" and _PROVIDERS["cuda"] in there:
            wanted = [_PROVIDERS["cuda"], _PROVIDERS["cpu"]]
        elif device == "cuda":
            raise _no_cuda(f"an ONNX Runtime with {', '.join(there)}")
        try:
            self._session: Any = onnxruntime.InferenceSession(str(path), options, providers=wanted)
        except Exception as error:  # its classes differ from release to release
            raise InputError(
                f"{path} can't be loaded as a network",
                expected="an ONNX file",
                found=str(error).splitlines()[0] if path.exists() else "no such file",
                hint="remove it so that it is fetched again, or correct 'weights' in its model card",
            ) from error
        on_gpu = self._session.get_providers()[0] == _PROVIDERS["cuda"]
        if device == "cuda" and not on_gpu:
            raise _no_cuda("a CUDA that ONNX Runtime could not start")
        self.device = "cuda" if on_gpu else "cpu"
        self.path = path
        source = self._session.get_inputs()
        if len(source) != 1 or len(source[0].shape) != 4:
            raise self.refuse("one picture input (batch, 3, height, width)", str([item.shape for item in source]))
        self._input = source[0].name
        self.input_shape = tuple(source[0].shape)
        self.output_shapes = {item.name: tuple(item.shape) for item in self._session.get_outputs()}
        self.batches = not isinstance(self.input_shape[0], int)

    def run(self, images: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """The outputs for a batch of pictures (N, 3, H, W); a network with a fixed batch of one is run N times."""
        if self.batches or len(images) == 1:
            return self._session.run(None, {self._input: images})  # type: ignore[no-any-return]
        single = [self._session.run(None, {self._input: images[i : i + 1]}) for i in range(len(images))]
        return [np.concatenate(parts) for parts in zip(*single, strict=True)]

    def check_input(self, size_px: tuple[int, int]) -> None:
        """Raise InputError unless the network takes pictures of that width and height."""
        width, height = size_px
        for have, want in zip(self.input_shape[1:], (3, height, width), strict=True):
            if isinstance(have, int) and have != want:
                raise self.refuse(f"an input of {width}x{height} px, as its card says", str(self.input_shape))

    def refuse(self, expected: str, found: str) -> InputError:
        """The error for a network whose interface is not what its card says."""
        return InputError(
            f"the network {self.path.name} does not fit its model card",
            expected=expected,
            found=found,
            hint="correct input_px, decoder or skeleton in the card, or take the weights that belong to it",
        )


def _no_cuda(found: str) -> DeviceError:
    return DeviceError(
        "the GPU can't be used (pose.device: cuda)",
        expected="ONNX Runtime with a working CUDA provider",
        found=found,
        hint="install envs/pose-gpu.lock and its CUDA libraries, or set pose.device to cpu or auto",
    )
