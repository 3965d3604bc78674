"""The keypoints of everybody in a video, frame by frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import numpy as np

from kineograph.model.keypoints import Keypoints2D
from kineograph.model.shapes import FloatArray
from kineograph.model.skeleton import Skeleton
from kineograph.pose.decoders._interfaces import Detector, PoseEstimator, Poses
from kineograph.pose.images import Image
from kineograph.pose.regions import boxes_of_points, overlap

PROGRESS_EVERY_S = 5.0
BOX_CONFIDENCE = 0.3
"""The confidence from which a keypoint counts for a person's box and mean confidence."""


def run(
    images: Iterable[Image],
    detector: Detector,
    estimator: PoseEstimator,
    *,
    camera: str,
    skeleton: Skeleton,
    fps_hz: float,
    n_frames: int,
    detect_every_frames: int,
    min_mean_confidence: float,
    max_pose_overlap: float,
    note: Callable[[str], None],
) -> Keypoints2D:
    """Detect people and their keypoints in each frame.

    Parameters
    ----------
    images : iterable of (H, W, 3) arrays
        The frames.
    detector, estimator : Detector, PoseEstimator
        The networks.
    camera : str
        The camera's name.
    skeleton : Skeleton
        The keypoints that `estimator` gives.
    fps_hz : float
        Frame rate, Hz.
    n_frames : int
        How many frames to expect, for the progress.
    detect_every_frames : int
        The detector runs on every so many-th frame; between, people are looked for where they last were.
    min_mean_confidence : float
        People whose confident keypoints have a smaller mean confidence are dropped.
    max_pose_overlap : float
        Of two people whose boxes overlap more (intersection over union), the less confident one is dropped.
    note : callable
        Is told the progress every few seconds.
    """
    found: list[Poses] = []
    regions = np.zeros((0, 5))
    size_px = (0, 0)
    started = last = time.monotonic()
    for index, image in enumerate(images):
        size_px = (image.shape[1], image.shape[0])
        if index % detect_every_frames == 0:
            regions = detector.detect(image)
        poses = estimator.estimate(image, regions) if len(regions) else _nobody(skeleton)
        poses = _without_duplicates(poses, min_mean_confidence, max_pose_overlap)
        found.append(poses)
        regions = poses.region
        now = time.monotonic()
        if now - last > PROGRESS_EVERY_S:
            last = now
            rate = (index + 1) / (now - started)
            note(
                f"{camera}: frame {index + 1} of {n_frames}, {rate:.1f} frames/s, {(n_frames - index - 1) / rate:.0f} s left"
            )
    return _gathered(found, camera, skeleton, fps_hz, size_px)


def _nobody(skeleton: Skeleton) -> Poses:
    count = len(skeleton.keypoints)
    return Poses(np.zeros((0, count, 2)), np.zeros((0, count)), np.zeros((0, 5)))


def _without_duplicates(poses: Poses, min_mean_confidence: float, max_overlap: float) -> Poses:
    """The poses worth keeping, most confident first."""
    counted = poses.confidence >= BOX_CONFIDENCE
    mean = np.where(counted, poses.confidence, 0).sum(axis=1) / np.maximum(counted.sum(axis=1), 1)
    boxes = boxes_of_points(poses.position_px, poses.confidence, BOX_CONFIDENCE)
    kept: list[int] = []
    for person in np.argsort(-mean, kind="stable"):
        clear = not kept or overlap(boxes[person], boxes[kept]).max() <= max_overlap
        if mean[person] >= min_mean_confidence and clear:
            kept.append(int(person))
    return Poses(poses.position_px[kept], poses.confidence[kept], poses.region[kept])


def _gathered(
    found: list[Poses], camera: str, skeleton: Skeleton, fps_hz: float, size_px: tuple[int, int]
) -> Keypoints2D:
    """The poses of all frames in arrays, with room for the most people seen in one."""
    frames, people, count = len(found), max((len(poses.region) for poses in found), default=0), len(skeleton.keypoints)
    position: FloatArray = np.full((frames, people, count, 2), np.nan)
    confidence: FloatArray = np.zeros((frames, people, count))
    box: FloatArray = np.full((frames, people, 4), np.nan)
    for frame, poses in enumerate(found):
        here = len(poses.region)
        position[frame, :here] = poses.position_px
        confidence[frame, :here] = poses.confidence
        box[frame, :here] = boxes_of_points(poses.position_px, poses.confidence, BOX_CONFIDENCE)
    return Keypoints2D(
        camera=camera,
        skeleton=skeleton.name,
        names=skeleton.keypoints,
        position_px=position,
        confidence=confidence,
        bbox_px=box,
        fps_hz=fps_hz,
        time_s=np.arange(frames) / fps_hz,
        size_px=size_px,
    )
