"""Keypoints as SLEAP exports them for analysis: ``*.analysis.h5``.

Format: https://docs.sleap.ai, "Analysis HDF5": ``tracks`` (tracks, x and y, nodes, frames), ``point_scores`` (tracks,
nodes, frames), ``node_names``, ``track_names``. Files of sleap-io name the axes in the attribute ``dims``, and may have
them in another order.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from kineograph.io.guarded import guarded
from kineograph.keypoint_formats import _hdf5
from kineograph.keypoint_formats._reading import Source
from kineograph.model.recorded_keypoints import RecordedKeypoints
from kineograph.model.shapes import FloatArray

FILES = r"(.*\.\d{3}_)?(?P<camera>.+?)(?i:\.(mp4|avi|mov|mkv|m4v))?(\.predictions)?(\.analysis)?(?i:\.(h5|hdf5))"
UNLIKE = "PYTABLES_FORMAT_VERSION"
MARKS = ("HDF",)

TRACKS = ("track", "xy", "node", "frame")
SCORES = ("track", "node", "frame")


@guarded
def read(path: Path) -> RecordedKeypoints:
    """Read a camera's keypoints; a track is a detection. Points without a score have confidence NaN.

    Raises
    ------
    InputError
        Where it is no such file.
    """
    source = Source(path, "SLEAP", "an analysis file with 'tracks' and 'node_names'")
    with _hdf5.open_file(source) as content:
        tracks = _ordered(source, content, "tracks", TRACKS, ("frame", "track", "node", "xy"))
        names = _hdf5.texts(source, content, "node_names")
        if tracks.shape[3] != 2 or tracks.shape[2] != len(names):
            raise source.unusable(
                f"tracks of shape {tracks.shape} (frame, track, node, xy) with {len(names)} node names"
            )
        scores = np.full(tracks.shape[:3], np.nan)
        if "point_scores" in content:
            scores = _ordered(source, content, "point_scores", SCORES, ("frame", "track", "node"))
        if scores.shape != tracks.shape[:3]:
            raise source.unusable(f"scores of shape {scores.shape} for tracks of shape {tracks.shape}")
    if not len(tracks):
        raise source.unusable("no frame")
    return RecordedKeypoints(tracks, scores, names, path.name)


def _ordered(source: Source, content: Any, name: str, usual: tuple[str, ...], wanted: tuple[str, ...]) -> FloatArray:
    """A data set with its axes in the order that is wanted."""
    values = _hdf5.numbers(source, content, name, len(usual))
    dims = content[name].attrs.get("dims")
    try:
        order = usual if dims is None else tuple(json.loads(_hdf5.text(dims)))
        return values.transpose([order.index(axis) for axis in wanted])
    except ValueError as error:
        raise source.unusable(f"'{name}' whose axes are {_hdf5.text(dims)[:80]}") from error
