"""rtmlib's own classes in place of ours (`pose.runner: rtmlib`): the reference that our runner is measured against.

rtmlib (https://github.com/Tau-J/rtmlib, Apache-2.0) looks at one person at a time, on all CPU cores. Frames, boxes that are
tracked between detections, and the choice of people stay ours, so that the two runners can be compared keypoint by keypoint.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kineograph.catalog.models import ModelCard
from kineograph.errors import ConfigError, DeviceError
from kineograph.model.shapes import FloatArray
from kineograph.pose.decoders._interfaces import Poses
from kineograph.pose.images import Image
from kineograph.pose.regions import regions_from_boxes
from kineograph.pose.session import Device
from kineograph.pose.top_down import regions_to_follow

CLASSES = {"simcc": "RTMPose", "heatmap": "ViTPose", "rtmo": "RTMO"}
"""rtmlib's class for each of our decoders of keypoints."""


class RtmlibDetector:
    """rtmlib's YOLOX or RTMDet."""

    def __init__(self, card: ModelCard, weights: Path, device: Device) -> None:
        kind = "RTMDet" if any(card.mean) else "YOLOX"
        if card.decoder != "person_boxes":
            raise _no_class(card)
        self._tool = _tool(kind, card, weights, device, normalised=kind == "RTMDet")

    def detect(self, image: Image) -> FloatArray:
        """The regions of the people in a picture, (n, 5)."""
        return regions_from_boxes(np.asarray(self._tool(image), float).reshape(-1, 4))


class RtmlibPose:
    """rtmlib's RTMPose, ViTPose or RTMO."""

    n_keypoints: int | None = None

    def __init__(self, card: ModelCard, weights: Path, device: Device) -> None:
        if card.decoder not in CLASSES:
            raise _no_class(card)
        self._one_stage = card.one_stage
        self._tool = _tool(CLASSES[card.decoder], card, weights, device, normalised=not card.one_stage)
        self.device = _device(self._tool)

    def estimate(self, images: Sequence[Image], regions: Sequence[FloatArray]) -> list[Poses]:
        """The poses in the upright regions (n, 5) of each picture, one after another."""
        return [self._poses(image, found) for image, found in zip(images, regions, strict=True)]

    def _poses(self, image: Image, regions: FloatArray) -> Poses:
        if self._one_stage:
            position, confidence = self._tool(image)
        else:
            half = regions[:, 2:4] / 2
            boxes = np.concatenate([regions[:, :2] - half, regions[:, :2] + half], axis=1)
            position, confidence = self._tool(image, bboxes=boxes.tolist())
        position, confidence = np.array(position, float), np.array(confidence, float)
        position[confidence <= 0] = np.nan
        return Poses(position, confidence, regions_to_follow(position, confidence))


def _tool(name: str, card: ModelCard, weights: Path, device: Device, *, normalised: bool) -> Any:
    """An object of rtmlib's, silent, on the device that was asked for."""
    try:
        import rtmlib
    except ImportError as error:
        raise ConfigError(
            "rtmlib is not installed (pose.runner: rtmlib)",
            expected="the Python package rtmlib",
            found=str(error),
            hint="install it with: pip install --no-deps -r envs/rtmlib.lock, or set pose.runner to kineograph",
        ) from error
    if device == "tensorrt":
        raise _no_gpu(device, "rtmlib, which has no TensorRT")
    options: dict[str, Any] = {"model_input_size": card.input_px}
    if normalised:
        options |= {"mean": card.mean, "std": card.std}
    for key, ours in (("nms_thr", "max_overlap"), ("score_thr", "min_score_raw")):
        if ours in card.parameters and card.decoder == "person_boxes":
            options[key] = float(card.parameters[ours])
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        tool = getattr(rtmlib, name)(str(weights), **options, backend="onnxruntime", device=_asked(device))
    if device == "cuda" and _device(tool) != "cuda":
        raise _no_gpu(device, "a CUDA that ONNX Runtime could not start")
    return tool


def _asked(device: Device) -> str:
    import onnxruntime

    if device == "auto":
        return "cuda" if "CUDAExecutionProvider" in onnxruntime.get_available_providers() else "cpu"
    return device


def _device(tool: Any) -> str:
    return "cuda" if tool.session.get_providers()[0] == "CUDAExecutionProvider" else "cpu"


def _no_class(card: ModelCard) -> ConfigError:
    return ConfigError(
        f"rtmlib has no class for the model '{card.name}' (pose.runner: rtmlib)",
        expected=f"a model with one of the decoders person_boxes, {', '.join(CLASSES)}",
        found=f"'{card.decoder}'",
        hint="set pose.runner to kineograph",
    )


def _no_gpu(device: str, found: str) -> DeviceError:
    return DeviceError(
        f"the GPU can't be used (pose.device: {device}, pose.runner: rtmlib)",
        expected="a working CUDA provider",
        found=found,
        hint="set pose.runner to kineograph, or pose.device to cpu",
    )
