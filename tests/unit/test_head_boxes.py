"""Blurred faces: every head is covered, found or not, and what is covered can't be told any more."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from kineograph.cli.__main__ import main
from kineograph.io.npz import write_npz
from kineograph.model.keypoints import Keypoints2D
from kineograph.pose.faces import blur_heads
from kineograph.pose.overlay import draw_projection, label
from kineograph.pose.video_writer import write_video
from kineograph.signal.head_boxes import HOLD_S, detected_heads, head_boxes
from synthetic.scene import film, ring, walker

SECONDS = 4.0
HEAD = [0, 1, 2, 3, 4]


@pytest.fixture
def seen(skeletons):
    """A walker in front of a camera, 60 Hz, without noise."""
    return film(ring(1), skeletons("coco17"), [walker(skeletons("coco17"))], seconds=SECONDS, fps_hz=60.0)[0]


def without(keypoints, frames, points=slice(None), detections=slice(None)):
    position, confidence = keypoints.position_px.copy(), keypoints.confidence.copy()
    position[frames, detections, points], confidence[frames, detections, points] = np.nan, 0.0
    return replace(keypoints, position_px=position, confidence=confidence)


def uncovered(truth, boxes, frames) -> int:
    """In how many of these frames a keypoint of the head is in no ellipse of the boxes."""
    count = 0
    for frame in frames:
        heads = truth.position_px[frame, 0, HEAD]
        middle, half = (boxes[frame][:, :2] + boxes[frame][:, 2:]) / 2, (boxes[frame][:, 2:] - boxes[frame][:, :2]) / 2
        inside = (((heads[:, None] - middle) / half) ** 2).sum(axis=-1) <= 1
        count += not inside.any(axis=1).all()
    return count


def test_a_head_that_is_found_is_covered_with_some_room(seen):
    boxes = head_boxes(seen)
    assert uncovered(seen, boxes, range(seen.n_frames)) == 0
    high = np.nanmax(seen.position_px[..., 1], axis=(1, 2)) - np.nanmin(seen.position_px[..., 1], axis=(1, 2))
    size = np.array([box[0, 3] - box[0, 1] for box in boxes]) / high
    assert 0.15 < size.min() < size.max() < 0.4  # a head is 0.13 of the height


@pytest.mark.parametrize("lost", [HEAD, [*HEAD, 11, 12]])
def test_a_head_without_keypoints_is_covered_by_what_is_seen_of_the_body(seen, lost):
    """Without its own keypoints, and without the hips, throughout the recording."""
    boxes = head_boxes(without(seen, slice(None), lost))
    assert uncovered(seen, boxes, range(seen.n_frames)) == 0


def test_of_who_shows_neither_head_nor_shoulders_the_top_is_covered(seen):
    """The documented limit: nothing tells where the head is."""
    part = without(seen, slice(None), [*HEAD, 5, 6])
    top = np.nanmin(part.position_px[:, 0, :, 1], axis=1)
    boxes = head_boxes(part)
    assert all(box[0, 1] <= y <= box[0, 3] for box, y in zip(boxes, top, strict=True))


def test_gaps_are_bridged_and_held_for_a_second_and_no_longer(seen):
    lost = np.arange(90, 120)
    assert uncovered(seen, head_boxes(without(seen, lost)), lost) == 0
    boxes = head_boxes(without(seen, slice(60, None)))
    counts = [len(box) for box in boxes]
    held = round(HOLD_S * 60)
    assert counts[: 60 + held] == [1] * (60 + held)
    assert not any(counts[60 + held :])
    first = head_boxes(without(seen, slice(0, 120)))
    assert [len(box) for box in first] == [0] * 60 + [1] * (len(first) - 60)


def test_a_keypoint_that_jumps_for_a_frame_lays_nothing_bare(seen):
    position = seen.position_px.copy()
    position[100, 0] += 300.0
    boxes = head_boxes(replace(seen, position_px=position))
    assert uncovered(seen, boxes, range(seen.n_frames)) == 0


def test_bystanders_are_blurred_too(skeletons):
    people = [walker(skeletons("coco17")), walker(skeletons("coco17"), phase=1.0)]
    seen = film(ring(1), skeletons("coco17"), people, seconds=0.5, fps_hz=60.0)[0]
    assert all(len(box) >= 2 for box in head_boxes(seen)) or np.isnan(detected_heads(seen)).any()
    nobody = without(seen, slice(None))
    assert all(len(box) == 0 for box in head_boxes(nobody))


def test_what_is_blurred_is_gone_and_the_rest_is_untouched():
    random = np.random.default_rng(1)
    image = random.integers(0, 256, (200, 300, 3)).astype(np.uint8)
    before = image.copy()
    blur_heads(
        image, np.array([[100.0, 50.0, 160.0, 120.0], [-30, -30, 20, 20], [400, 10, 450, 60], [290, 190, 330, 230]])
    )
    middle = image[75:95, 120:140].astype(float)
    assert middle.std() < 0.2 * before[75:95, 120:140].std()
    assert np.array_equal(image[50:120, 170:280], before[50:120, 170:280])
    assert not np.array_equal(image[:10, :10], before[:10, :10])


def test_videos_are_the_same_twice_and_of_even_size(tmp_path):
    random = np.random.default_rng(1)
    images = [cv2.GaussianBlur(random.integers(0, 256, (61, 83, 3)).astype(np.uint8), (41, 41), 0) for _ in range(12)]
    for name in ("a.mp4", "b.mp4"):
        assert write_video(tmp_path / name, images, 59.94) == 12
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    capture = cv2.VideoCapture(str(tmp_path / "a.mp4"))
    assert (capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)) == (82, 60)
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(59.94, abs=0.001)
    decoded = [capture.read()[1] for _ in range(12)]
    assert np.abs(np.array(decoded, float) - np.array(images)[:, :60, :82]).mean() < 3
    assert not list(tmp_path.glob(".*"))


def test_points_far_outside_and_missing_ones_are_not_drawn(skeletons):
    image = np.zeros((60, 80, 3), np.uint8)
    skeleton = skeletons("coco17")
    draw_projection(image, np.full((17, 2), 1e9), scale=0.1, bones=skeleton)
    draw_projection(image, np.full((17, 2), np.nan), scale=0.1, bones=skeleton)
    assert not image.any()
    draw_projection(image, np.random.default_rng(0).uniform(5, 55, (17, 2)), scale=0.1, bones=skeleton)
    label(image, "cam01", 0.2)
    assert image.any()


@pytest.mark.parametrize("blur", [True, False])
def test_a_camera_whose_people_nobody_looked_for_shows_no_faces(tmp_path, blur):
    """The keypoint stage gave up: with --blur-faces its video is dark, without it is shown."""
    writer = cv2.VideoWriter(str(tmp_path / "cam01.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 30.0, (160, 120))
    for _ in range(5):
        writer.write(np.full((120, 160, 3), 200, np.uint8))
    writer.release()
    nothing = np.zeros((0, 0, 0))
    write_npz(tmp_path / "k.npz", Keypoints2D("cam01", "x", (), np.zeros((0, 0, 0, 2)),
        nothing, np.zeros((0, 0, 4)), 30.0, np.zeros(0), (0, 0)))  # fmt: skip
    camera = {
        "name": "cam01",
        "calibrated_as": "",
        "usable": False,
        "fps_hz": 30.0,
        "n_frames": 5,
        "size_px": [160, 120],
    }
    (tmp_path / "inputs.json").write_text(json.dumps({"inputs": {"cameras": [camera], "fps_hz": 30.0}}))
    unread = [part for name in ("calibration", "synchronization", "tracks", "points") for part in (f"--{name}", "none")]
    code = main(
        [
            "draw-overlay-video", "--camera", "cam01", "--kind", "video", "--source", str(tmp_path / "cam01.mp4"),
            "--inputs", str(tmp_path / "inputs.json"), "--keypoints", str(tmp_path / "k.npz"), *unread,
            *(["--blur-faces"] if blur else []), "--out", str(tmp_path / "o.mp4"),
        ]
    )  # fmt: skip
    assert not code
    capture = cv2.VideoCapture(str(tmp_path / "o.mp4"))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 5
    assert np.median(capture.read()[1]) == pytest.approx(40 if blur else 200, abs=10)
