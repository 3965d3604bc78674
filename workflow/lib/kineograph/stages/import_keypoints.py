"""Put the keypoints of another tool's file on a skeleton, and say what they lack."""

from __future__ import annotations

import math

import numpy as np

from kineograph.errors import InputError
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.recorded_keypoints import RecordedKeypoints
from kineograph.model.report import Reason
from kineograph.model.shapes import BoolArray, FloatArray, finite
from kineograph.model.skeleton import Skeleton
from kineograph.stages.detect import no_rate
from kineograph.stages.keypoint_names import matched

FARTHEST_PX = 100_000.0
"""No image is as wide: a keypoint farther out is no image position."""
MOST_CONFIDENT = 1000.0
"""No tool's score is as high (AlphaPose's go to 6): a higher one is no score."""
SAME_RATE = 0.01


def on_skeleton(
    recorded: RecordedKeypoints, skeleton: Skeleton, camera: str, fps_hz: float
) -> tuple[Keypoints2D, list[Reason]]:
    """The keypoints of a camera in the order of a skeleton, and what speaks against trusting them.

    Where a file gives a confidence of NaN, its point counts with 1: somebody has placed it, or the tool keeps no scores.

    Parameters
    ----------
    recorded : RecordedKeypoints
        What the file holds.
    skeleton : Skeleton
        The skeleton; keypoints that the file lacks are missing.
    camera : str
        The camera's name.
    fps_hz : float
        Frame rate, Hz; NaN for the file's own.

    Raises
    ------
    InputError
        Where the file has another number of keypoints than the skeleton and no names, where no name or two names mean the same
        keypoint, where the frame rate is not known, or where a value is no image position or no score.
    """
    source, target, lacking = _places(recorded, skeleton)
    _check_values(recorded)
    shape = (*recorded.position_px.shape[:2], len(skeleton.keypoints))
    position, confidence = np.full((*shape, 2), np.nan), np.zeros(shape)
    position[:, :, target] = recorded.position_px[:, :, source]
    confidence[:, :, target] = np.nan_to_num(recorded.confidence[:, :, source], nan=1.0)
    seen = finite(position) & (confidence > 0)
    rate, rate_reasons = _rate(recorded, camera, fps_hz)
    keypoints = Keypoints2D(
        camera=camera,
        skeleton=skeleton.name,
        names=skeleton.keypoints,
        position_px=np.where(seen[..., None], position, np.nan),
        confidence=np.where(seen, confidence, 0.0),
        bbox_px=_boxes(position, seen),
        fps_hz=rate,
        time_s=np.arange(recorded.n_frames) / rate,
        size_px=(0, 0),
    )
    return keypoints, [*lacking, *rate_reasons, *_unscored(recorded, seen[:, :, target], camera)]


def _places(recorded: RecordedKeypoints, skeleton: Skeleton) -> tuple[list[int], list[int], list[Reason]]:
    """Which keypoint of the file goes where, and the reason that names those that are missing."""
    count = len(skeleton.keypoints)
    if recorded.names is None:
        if recorded.n_keypoints not in (count, 0):
            raise InputError(
                f"{recorded.source} has another number of keypoints than the skeleton '{skeleton.name}'",
                expected=f"{count} keypoints ({count * 3} numbers a person)",
                found=f"{recorded.n_keypoints * 3} numbers, {recorded.n_keypoints} keypoints",
                hint="set pose.keypoint_skeleton to the skeleton of the files",
            )
        return list(range(recorded.n_keypoints)), list(range(recorded.n_keypoints)), []
    meant = matched(recorded.names, skeleton)
    pairs = [(place, name) for place, name in enumerate(meant) if name is not None]
    found = [name for _, name in pairs]
    if not pairs:
        raise InputError(
            f"{recorded.source} has no keypoint of the skeleton '{skeleton.name}'",
            expected=f"names such as {', '.join(skeleton.keypoints[:8])}",
            found=", ".join(recorded.names[:12]) or "no keypoints",
            hint="set pose.keypoint_skeleton to a card with these names, your own by its path (compare resources/skeletons)",
        )
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        both = [recorded.names[place] for place, name in pairs if name == twice[0]]
        raise InputError(
            f"{recorded.source} has two keypoints that may be the skeleton's '{twice[0]}'",
            expected="one name for each keypoint",
            found=" and ".join(map(repr, both)),
            hint="name the keypoints in a skeleton card of your own as the file does, and set pose.keypoint_skeleton to its path",
        )
    missing = [name for name in skeleton.keypoints if name not in found]
    unknown = [name for name, meaning in zip(recorded.names, meant, strict=True) if meaning is None]
    reasons = []
    if missing:
        text = f"{recorded.source} lacks {len(missing)} of {count} keypoints of '{skeleton.name}': {', '.join(missing)}"
        if unknown:
            text += f"; not understood: {', '.join(unknown[:20])}"
        reasons.append(Reason("warn", text, "", "joint angles that need them are not to be trusted"))
    return [place for place, _ in pairs], [skeleton.index(name) for name in found], reasons


def _check_values(recorded: RecordedKeypoints) -> None:
    """Refuse numbers that are no image positions or no scores."""
    with np.errstate(invalid="ignore"):
        counted = ~(recorded.confidence <= 0)
        far = counted & (np.abs(recorded.position_px) > FARTHEST_PX).any(axis=-1)
        odd = (recorded.confidence < 0) | (recorded.confidence > MOST_CONFIDENT)
    for wrong, what, expected in (
        (far, "positions in the image", f"positions of at most {FARTHEST_PX:.0f} px"),
        (odd, "confidences", f"confidences from 0 to {MOST_CONFIDENT:.0f}"),
    ):
        if wrong.any():
            frame, detection, keypoint = (int(index) for index in np.argwhere(wrong)[0])
            x, y = recorded.position_px[frame, detection, keypoint]
            raise InputError(
                f"{recorded.source} holds values that are no {what}",
                expected=expected,
                found=f"frame {frame}, keypoint {recorded.names[keypoint] if recorded.names else keypoint}: "
                f"x {x:.6g}, y {y:.6g}, confidence {recorded.confidence[frame, detection, keypoint]:.6g}",
                hint="export 2D keypoints in pixels, with their confidences",
            )


def _rate(recorded: RecordedKeypoints, camera: str, fps_hz: float) -> tuple[float, list[Reason]]:
    """The frame rate: the given one, else the file's."""
    stated = recorded.fps_hz
    if math.isnan(fps_hz):
        if math.isnan(stated):
            raise no_rate(camera)
        return stated, []
    if not math.isnan(stated) and abs(stated - fps_hz) > SAME_RATE * fps_hz:
        text = f"{recorded.source} states {stated:.6g} frames/s, the sheet or inputs.fps_hz {fps_hz:.6g}, which counts"
        return fps_hz, [Reason("warn", text, f"camera {camera}", "leave the rate to the file, or correct it")]
    return fps_hz, []


def _unscored(recorded: RecordedKeypoints, seen: BoolArray, camera: str) -> list[Reason]:
    """A warning where no point has a score."""
    if seen.any() and np.isnan(recorded.confidence).all():
        text = f"{recorded.source} has no confidences: all its points count alike"
        return [Reason("warn", text, f"camera {camera}", "export them with the tool's scores")]
    return []


def _boxes(position_px: FloatArray, seen: BoolArray) -> FloatArray:
    """The box (F, D, 4) around each person's keypoints, NaN where there is nobody."""
    low = np.where(seen[..., None], position_px, np.inf).min(axis=2, initial=np.inf)
    high = np.where(seen[..., None], position_px, -np.inf).max(axis=2, initial=-np.inf)
    boxes = np.concatenate([low, high], axis=-1)
    boxes[~seen.any(axis=-1)] = np.nan
    return boxes
