"""Keypoints as SLEAP keeps them in a project or prediction file: ``*.slp``.

Format: https://io.sleap.ai (``sleap_io.io.slp``): tables ``frames``, ``instances``, ``pred_points``, ``points``, and the
skeleton in the JSON of ``metadata``. A frame that somebody has corrected holds both the prediction and the correction,
which goes first.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kineograph.io.guarded import guarded
from kineograph.keypoint_formats import _hdf5
from kineograph.keypoint_formats._reading import Source
from kineograph.model.recorded_keypoints import RecordedKeypoints
from kineograph.model.shapes import BoolArray, FloatArray, IntArray

FILES = r"(?P<camera>.+?)(?i:\.(mp4|avi|mov|mkv|m4v))?(\.predictions)?(?i:\.slp)"

PREDICTED = 1
CENTRED_SINCE = 1.1
"""Format in which points that people placed count from the centre of the first pixel; before, from its corner."""


@guarded
def read(path: Path) -> RecordedKeypoints:
    """Read a camera's keypoints. Points that people placed have confidence NaN.

    Raises
    ------
    InputError
        Where it is no such file, or holds several videos or skeletons.
    """
    source = Source(path, "SLEAP", "a file with frames, instances, points and one skeleton")
    with _hdf5.open_file(source) as content:
        names, version = _skeleton(source, content)
        frames = _table(source, content, "frames", ("frame_id", "video", "frame_idx"))
        instances = _table(
            source, content, "instances",
            ("instance_id", "instance_type", "frame_id", "from_predicted", "point_id_start", "point_id_end"),
        )  # fmt: skip
        predicted = _table(source, content, "pred_points", ("x", "y", "score"))
        placed = _table(source, content, "points", ("x", "y"))
    if len(np.unique(frames["video"])) != 1:
        videos = len(np.unique(frames["video"]))
        raise source.unusable(f"{videos} videos", hint="export each video's predictions to a file of its own")
    instances = instances[~np.isin(instances["instance_id"], instances["from_predicted"])]
    by_prediction = instances["instance_type"] == PREDICTED
    values = np.full((len(instances), len(names), 3), np.nan)
    columns = [predicted[name] for name in ("x", "y", "score")]
    values[by_prediction] = _points(source, instances[by_prediction], np.stack(columns, axis=-1), len(names))
    shift = 0.0 if version >= CENTRED_SINCE else -0.5
    by_hand = np.stack([placed["x"] + shift, placed["y"] + shift, np.full(len(placed), np.nan)], axis=-1)
    values[~by_prediction] = _points(source, instances[~by_prediction], by_hand, len(names))
    return _gathered(source, values, _frame_of(source, instances, frames), frames["frame_idx"].astype(int), names)


def _skeleton(source: Source, content: Any) -> tuple[tuple[str, ...], float]:
    """The names of the skeleton's nodes in their order, and the version of the format."""
    try:
        attributes = content["metadata"].attrs
        record = json.loads(_hdf5.text(attributes["json"]))
        skeletons = record["skeletons"]
        if len(skeletons) != 1:
            raise source.unusable(f"{len(skeletons)} skeletons")
        nodes = [record["nodes"][int(node["id"])]["name"] for node in skeletons[0]["nodes"]]
        return tuple(str(name) for name in nodes), float(attributes.get("format_id", CENTRED_SINCE))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise source.unusable(f"no skeleton that can be read ({str(error)[:120]})") from error


def _table(source: Source, content: Any, name: str, columns: tuple[str, ...]) -> NDArray[Any]:
    values = _hdf5.array(source, content, name)
    missing = [column for column in columns if column not in (values.dtype.names or ())]
    if missing or values.ndim != 1:
        raise source.unusable(f"a table '{name}' without '{(missing or ['rows'])[0]}'")
    return values


def _points(source: Source, instances: NDArray[Any], points: FloatArray, count: int) -> FloatArray:
    """The points of instances, (instances, K, 3)."""
    start, stop = instances["point_id_start"].astype(int), instances["point_id_end"].astype(int)
    if (stop - start != count).any() or (len(start) and (start.min() < 0 or stop.max() > len(points))):
        raise source.unusable(f"instances that don't have the {count} points of the skeleton each")
    chosen: FloatArray = points[start[:, None] + np.arange(count)]
    return chosen


def _frame_of(source: Source, instances: NDArray[Any], frames: NDArray[Any]) -> IntArray:
    """The place of each instance's frame in the table of frames."""
    order = np.argsort(frames["frame_id"], kind="stable")
    known = frames["frame_id"][order]
    place = np.searchsorted(known, instances["frame_id"]).clip(max=len(known) - 1)
    if (known[place] != instances["frame_id"]).any():
        raise source.unusable("instances of frames that are not there")
    found: IntArray = order[place]
    return found


def _gathered(
    source: Source, values: FloatArray, place: IntArray, frame_index: IntArray, names: tuple[str, ...]
) -> RecordedKeypoints:
    """The instances put into their frames, those of one frame in the order of the file."""
    source.check_frames(np.append(frame_index, 0))
    frame = frame_index[place]
    order = np.argsort(frame, kind="stable")
    sorted_frame = frame[order]
    first: BoolArray = np.append(True, sorted_frame[1:] != sorted_frame[:-1])[: len(frame)]
    starts = np.flatnonzero(first)
    detection = np.arange(len(frame)) - np.repeat(starts, np.diff(np.append(starts, len(frame))))
    shape = (int(frame_index.max()) + 1, int(detection.max(initial=-1)) + 1, len(names), 3)
    source.check_size(shape)
    result = np.full(shape, np.nan)
    result[sorted_frame, detection] = values[order]
    return RecordedKeypoints(result[..., :2], result[..., 2], names, source.path.name)
