"""Finding what other tools wrote about each camera in a folder of keypoints, by the names and beginnings of files."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from kineograph.dataset.listing import list_folder
from kineograph.dataset.names import check_name
from kineograph.dataset.records import CameraSource
from kineograph.dataset.timestamps import SUFFIX as TIMESTAMPS
from kineograph.settings.plugins import plugin_literal, plugin_names

FOLDER = "keypoint_formats"
HEAD_BYTES = 65_536
READ_MEMBERS = 8
SAMPLED = 3


def find_keypoint_files(folder: Path) -> list[CameraSource]:
    """The cameras of a folder of keypoint files and folders, in natural order; a camera may be there twice."""
    cameras: dict[tuple[str, str, str], CameraSource] = {}
    for entry in list_folder(folder):
        path = Path(entry.path)
        if path.name.lower().endswith(TIMESTAMPS):
            continue
        source = _source(path)
        if source is None:
            continue
        key = source.kind, source.name, path.name if path.is_dir() else path.stem
        other = cameras.get(key)
        if other is None or _rank(source) < _rank(other):
            cameras[key] = source
    return list(cameras.values())


def keypoint_formats() -> list[str]:
    """The names of the formats."""
    return plugin_names(FOLDER)


def meant_skeletons(format_name: str) -> tuple[str, ...]:
    """The skeleton cards that a format may mean where the configuration names none."""
    meant: dict[int, str] = plugin_literal(FOLDER, format_name, "SKELETONS", {})
    return tuple(meant.values())


def sample_files(format_name: str, folder: Path) -> list[Path]:
    """A few of a folder's files of a format, evenly spread: enough to see what they hold."""
    files = [Path(entry.path) for entry in list_folder(folder) if entry.is_file()]
    pattern: str = plugin_literal(FOLDER, format_name, "MEMBERS", "")
    members = [path for path in files if re.fullmatch(pattern, path.name)]
    return members[:: max(1, len(members) // SAMPLED)][:SAMPLED]


def _source(path: Path) -> CameraSource | None:
    """What a file or folder is, or None where it has no format's name."""
    if path.is_dir():
        members = [Path(entry.path) for entry in list_folder(path) if entry.is_file()]
        candidates = [
            (name, camera, found)
            for name in keypoint_formats()
            if (camera := _camera(name, "FOLDERS", path.name))
            if (found := _members(name, members))
        ]
    else:
        candidates = [
            (name, camera, [path]) for name in keypoint_formats() if (camera := _camera(name, "FILES", path.name))
        ]
    fitting = [(name, camera) for name, camera, files in candidates if _fits(name, _head(files))]
    named = fitting or [(name, camera) for name, camera, _ in candidates]
    if not named:
        return None
    name, camera = named[0]
    return CameraSource(check_name("camera", camera, str(path.parent)), name, path)


def _camera(format_name: str, literal: str, name: str) -> str:
    """The camera that a file's or folder's name is of; empty where it is no name of the format."""
    pattern: str = plugin_literal(FOLDER, format_name, literal, "")
    match = re.fullmatch(pattern, name) if pattern else None
    return match["camera"] if match else ""


def _members(format_name: str, files: list[Path]) -> list[Path]:
    """The first of a folder's files that have the name of the format: the first picture alone may show nobody."""
    pattern: str = plugin_literal(FOLDER, format_name, "MEMBERS", "")
    return [path for path in files if re.fullmatch(pattern, path.name)][:READ_MEMBERS]


def _fits(format_name: str, head: bytes) -> bool:
    marks: tuple[str, ...] = plugin_literal(FOLDER, format_name, "MARKS", ("",))
    unlike: str = plugin_literal(FOLDER, format_name, "UNLIKE", "")
    return any(mark.encode() in head for mark in marks) and not (unlike and unlike.encode() in head)


def _head(files: list[Path]) -> bytes:
    """The beginnings of these files together."""
    heads = []
    for file in files:
        with contextlib.suppress(OSError), file.open("rb") as content:
            heads.append(content.read(HEAD_BYTES // len(files)))
    return b"\n".join(heads)


def _rank(source: CameraSource) -> int:
    """The place of a file's ending among those of its format, the best first."""
    endings: tuple[str, ...] = plugin_literal(FOLDER, source.kind, "ENDINGS", ())
    ending = source.path.suffix.lower()
    return endings.index(ending) if ending in endings else len(endings)
