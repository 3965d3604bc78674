"""Which accelerators ONNX Runtime was built for here."""

from __future__ import annotations

from importlib.util import find_spec

PROVIDERS = {"cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}


def available_providers() -> list[str] | None:
    """The providers of the ONNX Runtime that is installed; None where there is none."""
    if find_spec("onnxruntime") is None:
        return None
    import onnxruntime

    return list(onnxruntime.get_available_providers())
