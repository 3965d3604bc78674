"""A network that places markers from keypoints over time, in ONNX Runtime on the CPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kineograph.errors import InputError
from kineograph.model.shapes import FloatArray


class MarkerNetwork:
    """A loaded network with its scaling of features.

    Parameters
    ----------
    folder : Path
        Its ``model.onnx``, ``mean.npy`` and ``std.npy``.
    features, outputs : int
        How many numbers a frame it takes and gives.

    Raises
    ------
    InputError
        Where a file is missing, or they don't fit the numbers.
    """

    def __init__(self, folder: Path, features: int, outputs: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
            self._mean, self._deviation = (
                np.load(folder / name, allow_pickle=False).ravel() for name in ("mean.npy", "std.npy")
            )
        except Exception as error:  # ONNX Runtime's classes differ from release to release
            raise _unusable(
                folder, "a network with its mean and standard deviation", str(error).splitlines()[0]
            ) from error
        (source,), (result,) = self._session.get_inputs(), self._session.get_outputs()
        self._input = source.name
        found = (len(self._mean), len(self._deviation), source.shape[-1], result.shape[-1])
        if found != (features, features, features, outputs):
            raise _unusable(folder, f"{features} features and {outputs} outputs a frame", f"{found[2]} and {found[3]}")

    def __call__(self, features: FloatArray) -> FloatArray:
        """The outputs (B, F, outputs) of B sequences of features (B, F, features)."""
        scaled = ((features - self._mean) / self._deviation).astype(np.float32)
        answer: FloatArray = self._session.run(None, {self._input: scaled})[0].astype(float)
        return answer


def _unusable(folder: Path, expected: str, found: str) -> InputError:
    return InputError(
        f"the marker network in {folder} can't be used",
        expected=expected,
        found=found,
        hint="remove the folder so that it is fetched again, or correct the augmenter's card",
    )
