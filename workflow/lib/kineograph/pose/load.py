"""From model cards to a detector and a pose estimator that are ready to run."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from kineograph.catalog.models import ModelCard
from kineograph.errors import InputError, nearest
from kineograph.model.skeleton import Skeleton
from kineograph.pose.decoders._interfaces import Detector, PoseEstimator
from kineograph.pose.session import Device, Precision, Session
from kineograph.settings.plugins import plugin_module, plugin_names

FOLDER = "pose.decoders"


def load_detector(
    card: ModelCard, weights: Path, device: Device, threads: int, precision: Precision = "fp32"
) -> Detector:
    """Load a detector.

    Raises
    ------
    InputError
        Where the card is none of a detector, or the network does not fit it.
    """
    detector: Detector = _load(card, "detector", weights, device, threads, precision)[0]
    return detector


def load_pose_estimator(
    card: ModelCard, skeleton: Skeleton, weights: Path, device: Device, threads: int, precision: Precision = "fp32"
) -> tuple[PoseEstimator, str]:
    """Load a pose estimator; also returns the device that it runs on, with the precision where that is not the usual one.

    Raises
    ------
    InputError
        Where the card is none of a pose network, the network does not fit it, or has another number of keypoints than the
        skeleton.
    """
    estimator, session = _load(card, "pose", weights, device, threads, precision)
    if estimator.n_keypoints not in (None, len(skeleton.keypoints)):
        raise session.refuse(
            f"{len(skeleton.keypoints)} keypoints, as the skeleton '{skeleton.name}' has",
            f"{estimator.n_keypoints} keypoints",
        )
    return estimator, session.device if session.precision == "fp32" else f"{session.device} {session.precision}"


def _load(
    card: ModelCard, kind: str, weights: Path, device: Device, threads: int, precision: Precision
) -> tuple[Any, Session]:
    if card.kind != kind:
        raise InputError(
            f"the model '{card.name}' is no {kind} network",
            expected=f"a card of kind '{kind}'",
            found=f"kind '{card.kind}'",
            hint="name a pose network in pose.model and a detector in pose.detector",
        )
    known = plugin_names(FOLDER)
    if card.decoder not in known:
        raise InputError(
            f"the model card {card.path} names an unknown decoder",
            expected=f"one of {', '.join(known)}",
            found=f"'{card.decoder}'",
            hint=nearest(card.decoder, known) or "write the decoder as a file in kineograph/pose/decoders",
        )
    session = Session(weights, device, threads, precision)
    return importlib.import_module(plugin_module(FOLDER, card.decoder)).load(session, card), session
