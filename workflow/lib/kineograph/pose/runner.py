"""The keypoints of everybody in a video, in the order of its frames, whatever its length.

What has to come one after another is little: between two frames in which the detector runs, a person is looked for where the
frame before showed them. Such a group of frames depends on no other group. So the frames are taken in blocks of several groups,
and the first frames of all groups go through the network together, then all second frames, and so on: the same results as frame
by frame, in larger batches. On the CPU, where batches gain nothing, a block is one group.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from itertools import islice

import numpy as np

from kineograph.model.keypoints import Keypoints2D
from kineograph.model.shapes import FloatArray
from kineograph.model.skeleton import Skeleton
from kineograph.pose.decoders._interfaces import Detector, PoseEstimator, Poses
from kineograph.pose.images import Image
from kineograph.pose.read_ahead import read_ahead
from kineograph.pose.regions import boxes_of_points, overlap
from kineograph.signal.detection_tracks import numbered

PROGRESS_EVERY_S = 5.0
BOX_CONFIDENCE = 0.3
"""The confidence from which a keypoint counts for a person's box and mean confidence."""
BLOCK_FRAMES = 16
"""About so many frames go through a GPU together."""
DECODED_AHEAD = 4
"""So many decoded frames wait at most beside those in work, or the next block where that is larger."""


def run(
    images: Iterable[Image | None],
    detector: Detector | None,
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
    time_s: FloatArray | None = None,
    groups: int = 1,
) -> Keypoints2D:
    """Detect people and their keypoints in each frame.

    Parameters
    ----------
    images : iterable of (H, W, 3) arrays
        The frames, decoded in a thread of their own; None for one that can't be decoded, in which nobody is found.
    detector, estimator : Detector or None, PoseEstimator
        The networks; no detector for a one-stage network, which looks at every picture anew.
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
    time_s : (F,) array, optional
        When each frame is shown, s; without it, the frames follow each other at `fps_hz`.
    groups : int
        How many groups of `detect_every_frames` frames go through the networks together. The results are the same.
    """
    found: list[Poses] = []
    size_px = (0, 0)
    started = last = time.monotonic()
    length = detect_every_frames if detector else 1
    keep = partial(_worth_keeping, min_mean_confidence=min_mean_confidence, max_overlap=max_pose_overlap)
    block_length = length * groups
    with closing(read_ahead(images, max(DECODED_AHEAD, block_length if groups > 1 else 0))) as decoded:
        while block := list(islice(decoded, block_length)):
            size_px = next(((image.shape[1], image.shape[0]) for image in block if image is not None), size_px)
            found += _block(block, length, detector, estimator, keep, _nobody(skeleton))
            now = time.monotonic()
            if now - last > PROGRESS_EVERY_S:
                last = now
                rate = len(found) / (now - started)
                left_s = (n_frames - len(found)) / rate
                note(f"{camera}: frame {len(found)} of {n_frames}, {rate:.1f} frames/s, {left_s:.0f} s left")
    return _gathered(found, camera, skeleton, fps_hz, time_s, size_px)


def _block(
    images: list[Image | None],
    length: int,
    detector: Detector | None,
    estimator: PoseEstimator,
    keep: Callable[[Poses], Poses],
    nobody: Poses,
) -> list[Poses]:
    """The poses in the frames of several groups of `length`, all groups at once."""
    found = [nobody] * len(images)
    starts = range(0, len(images), length)
    regions: dict[int, FloatArray] = {}
    for step in range(length):
        here: list[tuple[int, int, Image]] = []
        for start in starts:
            image = images[start + step] if start + step < len(images) else None
            if image is None:
                continue
            if start not in regions:
                whole = np.array([[image.shape[1] / 2, image.shape[0] / 2, image.shape[1], image.shape[0], 0.0]])
                regions[start] = detector.detect(image) if detector else whole
            if len(regions[start]):
                here.append((start, start + step, image))
        if not here:
            continue
        seen = estimator.estimate([image for *_, image in here], [regions[start] for start, *_ in here])
        for (start, frame, _), poses in zip(here, seen, strict=True):
            found[frame] = keep(poses)
            following = found[frame].region
            regions[start] = following[np.isfinite(following).all(axis=1)]
    return found


def _nobody(skeleton: Skeleton) -> Poses:
    count = len(skeleton.keypoints)
    return Poses(np.zeros((0, count, 2)), np.zeros((0, count)), np.zeros((0, 5)))


def _worth_keeping(poses: Poses, min_mean_confidence: float, max_overlap: float) -> Poses:
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
    found: list[Poses],
    camera: str,
    skeleton: Skeleton,
    fps_hz: float,
    time_s: FloatArray | None,
    size_px: tuple[int, int],
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
        time_s=np.arange(frames) / fps_hz if time_s is None else time_s[:frames],
        size_px=size_px,
        track_id=numbered(box),
    )
