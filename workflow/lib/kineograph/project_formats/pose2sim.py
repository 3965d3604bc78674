"""Pose2Sim projects: a trial with its Config.toml, or a folder of trials whose Config.toml files are merged over the folder's.

Layout and merging as in Pose2Sim 0.10 (https://github.com/perfanalytics/pose2sim, BSD-3-Clause): ``videos/``, ``pose/`` with a
JSON file a frame, a folder with "calib" in its name beside or above the trial.
"""

from __future__ import annotations

import copy
import os
import tomllib
from pathlib import Path
from typing import Any

from kineograph.dataset.folders import find_keypoints, find_videos
from kineograph.dataset.names import same_name_key
from kineograph.dataset.video_rate import stated_rate_hz
from kineograph.errors import InputError
from kineograph.project_formats._pose2sim_calibration import find_folder, find_source, translate_calibration
from kineograph.project_formats._pose2sim_values import Sections, flat, rest, translate
from kineograph.project_formats._project import LOOK, NOT_NEEDED, TAKEN, Note, Project, shown, usable_name

TITLE = "Pose2Sim project"
CONFIG = "Config.toml"
DEFAULT_FPS_HZ = 60
SAME_RATE = 0.01
ONE_FOR_ALL_TRIALS = ("calibration", "boards", "scaling", "")
"""Sections that a single trial can't have its own values in."""
METHOD = "triangulation.method is robust; set it to dlt, and temporal to false, for points that compare with Pose2Sim's"
OTHER_STAGES = ("pose-sync", "pose-associated", "pose-3d", "kinematics")


def recognised(root: Path) -> bool:
    """Whether the folder has a Config.toml, as only Pose2Sim's projects have."""
    return (root / CONFIG).is_file()


def read(root: Path) -> Project:
    """The project in this program's terms.

    Raises
    ------
    InputError
        Where a Config.toml is no TOML file, or the project holds no trial.
    """
    root = root.resolve()
    base = _toml(root / CONFIG)
    folders = _trial_folders(root, base)
    above = root.parent if folders == [root] and (root.parent / CONFIG).is_file() else root
    if above != root:  # one trial of a batch
        base = _merged(_toml(above / CONFIG), base)
    session = usable_name("session", root.name)
    sections, notes = translate(base)
    calibration = find_folder(folders[0], above)
    source = find_source(calibration) if calibration else None
    more, about = translate_calibration(base, source)
    _merge(sections, more)
    notes += [*about, *_by_order(sections, source, folders[0])]
    rows: list[dict[str, str]] = []
    people: list[dict[str, str]] = []
    overrides: list[dict[str, Any]] = []
    for folder in folders:
        own = _toml(folder / CONFIG) if folder != root else {}
        merged = _merged(base, own)
        row, persons, said = _trial(
            (root, above), folder, session, merged, [row["trial"] for row in rows], alone=folder == root
        )
        if folder != root:
            changes, differing = _changes(sections, own, merged, row["trial"])
            said += differing
            if changes:
                overrides.append({"match": {"trial": row["trial"]}, "set": changes})
        rows.append(row)
        people += persons
        notes += said
    top = sections.pop("", {})
    config = {**top, **_with_rates(sections, rows, notes)}
    notes.append(Note(LOOK, "triangulation", "weighted DLT", METHOD))
    notes += rest(flat(base), notes)
    return Project(TITLE, tuple(rows), tuple(people), config, tuple(overrides), tuple(notes))


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            f"{path} can't be read", expected="a Config.toml of Pose2Sim", found=str(error), hint="correct that line"
        ) from error


def _merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The tables of `base` with those of `own` over them, value by value."""
    result = copy.deepcopy(base)
    for key, value in own.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = _merged(result[key], value) if both else copy.deepcopy(value)
    return result


def _trial_folders(root: Path, base: dict[str, Any]) -> list[Path]:
    """The folders below with a Config.toml of their own, but for those that are excluded; else the project's folder itself."""
    found = []
    for parent, names, files in os.walk(root):
        names[:] = sorted(name for name in names if not name.startswith("."))
        if CONFIG in files and Path(parent) != root:
            found.append(Path(parent))
    if not found:
        return [root]
    left_out = [str(name).strip("/") for name in base.get("project", {}).get("exclude_from_batch", [])]
    kept = [path for path in found if not {path.name, path.relative_to(root).as_posix()} & set(left_out)]
    if not kept:
        raise InputError(
            f"the Pose2Sim project {root} holds no trial",
            expected="folders with a Config.toml that exclude_from_batch does not name",
            found=f"{len(found)}, all of them excluded",
            hint="take one out of project.exclude_from_batch",
        )
    return kept


def _trial(
    roots: tuple[Path, Path], folder: Path, session: str, config: dict[str, Any], taken: list[str], *, alone: bool
) -> tuple[dict[str, str], list[dict[str, str]], list[Note]]:
    """The row of a trial, those of its participants, and notes; a calibration is looked for up to the second root."""
    root, above = roots
    name = usable_name("trial", root.name if alone else folder.relative_to(root).as_posix(), taken)
    label = "" if alone else name
    values = flat(config.get("project", {}))
    persons, notes = _participants(values, "" if alone else f"{name}.", label)
    row = {"session": session, "trial": name, "participants": ",".join(row["participant"] for row in persons)}
    pose = folder / "pose"
    if find_keypoints(pose) and not config.get("pose", {}).get("overwrite_pose"):
        row["keypoints"] = pose.relative_to(root).as_posix()
        notes.append(Note(TAKEN, "pose/", row["keypoints"], "the keypoints that are there are taken", label))
        notes += _rate_of_videos(folder / "videos", values, row, label)
    else:
        row["videos"] = (folder / "videos").relative_to(root).as_posix()
    calibration = find_folder(folder, above)
    if calibration is not None:
        row["calibration"] = Path(os.path.relpath(find_source(calibration), root)).as_posix()
        notes.append(Note(TAKEN, "calibration folder", row["calibration"], "the trial's calibration", label))
    for made in OTHER_STAGES:
        if (folder / made).is_dir():
            notes.append(Note(NOT_NEEDED, f"{made}/", made, "results of Pose2Sim; they are made anew here", label))
    notes += _timing(values, row, label)
    return row, persons, notes


def _participants(values: dict[str, Any], prefix: str, label: str) -> tuple[list[dict[str, str]], list[Note]]:
    """Who is in a trial. People have no names there, so none is taken for the same in two trials."""
    heights, masses = _list(values.get("participant_height")), _list(values.get("participant_mass"))
    several = bool(values.get("multi_person"))
    count = max(len(heights), len(masses), 1) if several else 1
    notes = []
    persons = []
    for index in range(count):
        height = heights[index] if index < len(heights) else None
        mass = masses[index] if index < len(masses) else None
        numbers = {"height_m": height, "mass_kg": mass}
        known = {column: f"{value:g}" for column, value in numbers.items() if value is not None}
        persons.append({"participant": f"{prefix}P{index + 1}", **known})
    names = ", ".join(row["participant"] for row in persons)
    notes.append(Note(TAKEN, "project.multi_person", shown(several), f"participants {names}", label))
    for key, column in (("participant_height", "height_m"), ("participant_mass", "mass_kg")):
        stated = [f"{row[column]} ({row['participant']})" for row in persons if column in row]
        if stated:
            notes.append(Note(TAKEN, f"project.{key}", shown(values[key]), f"{column}: {', '.join(stated)}", label))
    if several and count == 1:
        text = "how many people there are is not said (lists of heights or masses do): one; name the others in the trial sheet"
        notes.append(Note(LOOK, "project.multi_person", "True", text, label))
    return persons, notes


def _list(value: Any) -> list[float | None]:
    """The numbers of a value that may be one, several, or 'auto'."""
    values = value if isinstance(value, list) else [value]
    numbers = [
        float(item) if isinstance(item, (int, float)) and not isinstance(item, bool) else None for item in values
    ]
    return numbers if isinstance(value, list) or numbers != [None] else []


def _timing(values: dict[str, Any], row: dict[str, str], label: str) -> list[Note]:
    """Frame rate and range; a range there ends before its last number."""
    notes = []
    rate, frames = values.get("frame_rate", "auto"), values.get("frame_range", "auto")
    if isinstance(rate, (int, float)):
        row["fps"] = f"{rate:g}"
        notes.append(Note(TAKEN, "project.frame_rate", shown(rate), f"fps of the trial: {rate:g} Hz", label))
    if isinstance(frames, list) and len(frames) == 2 and frames[0] < frames[1]:
        row["frames"] = f"{int(frames[0])}-{int(frames[1]) - 1}"
        notes.append(Note(TAKEN, "project.frame_range", shown(frames), f"frames {row['frames']}, both included", label))
    elif frames == "auto":
        text = "all frames are used: those in which nobody can be found stay empty, and are not cut off"
        notes.append(Note(LOOK, "project.frame_range", "auto", text, label))
    return notes


def _rate_of_videos(videos: Path, values: dict[str, Any], row: dict[str, str], label: str) -> list[Note]:
    """The frame rate of keypoints, where no value states it, from the videos that they were made of."""
    if isinstance(values.get("frame_rate"), (int, float)):
        return []
    rates = {camera.name: stated_rate_hz(camera.path) for camera in find_videos(videos) if camera.kind == "video"}
    known = [rate for rate in rates.values() if rate]
    if not known:
        return []
    row["fps"] = f"{known[0]:.6g}"
    notes = [Note(TAKEN, "project.frame_rate", "auto", f"fps of the trial: {row['fps']} Hz, from its videos", label)]
    if max(known) - min(known) > SAME_RATE * min(known):
        text = "the videos' frame rates differ, and keypoint files get one: " + shown(rates)
        notes.append(Note(LOOK, "videos/", row["fps"], text, label))
    return notes


def _changes(
    sections: Sections, own: dict[str, Any], merged: dict[str, Any], trial: str
) -> tuple[Sections, list[Note]]:
    """What a trial's own Config.toml changes, and notes on the values that it has."""
    meant, notes = translate(merged)
    changes: Sections = {}
    given = set(flat(own))
    said = [Note(n.outcome, n.key, n.value, n.meaning, trial) for n in notes if n.key in given]
    for section, values in meant.items():
        differing = {
            key: value for key, value in values.items() if sections.get(section, {}).get(key, _NOTHING) != value
        }
        if differing and section in ONE_FOR_ALL_TRIALS:
            text = f"{section or 'exports'} can't differ between trials: the project's own value holds"
            said += [Note(LOOK, f"{section}.{key}", shown(value), text, trial) for key, value in differing.items()]
        elif differing:
            changes[section] = differing
    return changes, said


_NOTHING = object()


def _merge(sections: Sections, more: Sections) -> None:
    for section, values in more.items():
        sections.setdefault(section, {}).update(values)


def _by_order(sections: Sections, calibration: Path | None, trial: Path) -> list[Note]:
    """Cameras are matched by their order, as Pose2Sim does, where their names in the calibration are none of the trial's."""
    if calibration is None or calibration.suffix.lower() != ".toml":
        return []
    named = {same_name_key(name) for name, table in _toml(calibration).items() if isinstance(table, dict)}
    filmed = find_keypoints(trial / "pose") or find_videos(trial / "videos")
    if not filmed or named & {same_name_key(camera.name) for camera in filmed}:
        return []
    sections.setdefault("inputs", {})["camera_match"] = "order"
    text = "no camera of the calibration has the name of one of the trial's: inputs.camera_match: order, as in Pose2Sim"
    return [Note(LOOK, "cameras", ", ".join(camera.name for camera in filmed), text)]


def _with_rates(sections: Sections, rows: list[dict[str, str]], notes: list[Note]) -> Sections:
    """The sections, with the frame rate of keypoint files that no value states, and without what no trial needs."""
    recorded = [row for row in rows if "keypoints" in row]
    if any("fps" not in row for row in recorded):
        sections.setdefault("inputs", {})["fps_hz"] = float(DEFAULT_FPS_HZ)
        text = f"keypoint files state none: inputs.fps_hz: {DEFAULT_FPS_HZ}, Pose2Sim's own guess; correct it where it is wrong"
        notes.append(Note(LOOK, "project.frame_rate", "auto", text))
    if not recorded:
        sections.get("pose", {}).pop("keypoint_skeleton", None)
    return sections
