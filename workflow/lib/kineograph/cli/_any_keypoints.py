"""Reading keypoint files of any format, and choosing the skeleton that they are put on."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from kineograph.cli._common_arguments import RESOURCES, skeleton_card
from kineograph.dataset.keypoint_files import FOLDER
from kineograph.errors import ConfigError
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.recorded_keypoints import RecordedKeypoints
from kineograph.model.report import Reason
from kineograph.model.skeleton import Skeleton
from kineograph.settings.plugins import plugin_module
from kineograph.stages.import_keypoints import on_skeleton


def format_module(name: str) -> ModuleType:
    """The module of a keypoint format."""
    return importlib.import_module(plugin_module(FOLDER, name))


def read_keypoints(
    path: Path, format_name: str, camera: str, skeleton: str | None, fps_hz: float
) -> tuple[Keypoints2D, list[Reason]]:
    """A camera's keypoints on a skeleton, and what speaks against trusting them.

    Parameters
    ----------
    path : Path
        The file or folder.
    format_name : str
        Its format.
    camera : str
        The camera's name.
    skeleton : str or None
        A skeleton card, by name or path; None where the format's number of keypoints tells it.
    fps_hz : float
        Frame rate, Hz; NaN for the file's own.
    """
    module = format_module(format_name)
    given = skeleton_card(skeleton) if skeleton else None  # first: a wrong name shows before a large file is read
    recorded: RecordedKeypoints = module.read(path)
    return on_skeleton(recorded, given or _implied(recorded, module), camera, fps_hz)


def count_frames(path: Path, format_name: str) -> tuple[int, float]:
    """The number of frames of a keypoint file, and the frame rate that it states or NaN."""
    module = format_module(format_name)
    if hasattr(module, "count_frames"):
        return int(module.count_frames(path)), float("nan")
    recorded: RecordedKeypoints = module.read(path)
    return recorded.n_frames, recorded.fps_hz


def _implied(recorded: RecordedKeypoints, module: ModuleType) -> Skeleton:
    """The skeleton that the format means by its number of keypoints."""
    meant: dict[int, str] = getattr(module, "SKELETONS", {})
    if recorded.n_keypoints in meant:
        return skeleton_card(meant[recorded.n_keypoints])
    known = sorted(path.stem for path in (RESOURCES / "skeletons").glob("*.toml"))
    names = f" ({', '.join(recorded.names[:12])})" if recorded.names else ""
    raise ConfigError(
        f"the skeleton of the precomputed keypoints in {recorded.source} is not known",
        expected=f"pose.keypoint_skeleton, one of {', '.join(known)}, or the path of your own card",
        found=f"nothing, and {recorded.n_keypoints} keypoints{names}",
        hint="set pose.keypoint_skeleton in the configuration (body25b for OpenPose's BODY_25B)",
    )
