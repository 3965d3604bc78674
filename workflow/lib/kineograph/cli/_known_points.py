"""The known points that cameras are placed by, from the files that a calibration's method names."""

from __future__ import annotations

from pathlib import Path

from kineograph.dataset.pictures import find_point_files
from kineograph.io.npz import read_npz
from kineograph.io.scene_points import read_scene_points
from kineograph.model.board import BoardViews
from kineograph.model.scene import ScenePoints
from kineograph.stages.extrinsics import ExtrinsicsSettings, board_points

SCENE_POINTS = "scene_points"


def scene(source: Path, cameras: tuple[str, ...]) -> dict[str, ScenePoints]:
    """The scene's points that each camera sees."""
    return read_scene_points(*find_point_files(source), cameras)


def board(views: Path, settings: ExtrinsicsSettings) -> list[ScenePoints]:
    """The board's corners in each of a camera's extrinsics pictures."""
    return board_points(read_npz(views, BoardViews), settings)
