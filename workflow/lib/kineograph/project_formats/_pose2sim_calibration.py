"""The calibration of a Pose2Sim project: which file or folder it is, and what its Config.toml says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kineograph.dataset.listing import list_folder
from kineograph.project_formats._pose2sim_values import Sections, flat
from kineograph.project_formats._project import LOOK, TAKEN, Note, shown

FORMATS = {
    "qualisys": "qualisys", "vicon": "vicon", "opencap": "opencap", "easymocap": "easymocap", "biocv": "biocv",
    "caliscope": "toml", "anipose": "toml", "freemocap": "toml",
}  # fmt: skip
"""The format of each convert_from."""
MM = 0.001


def find_folder(trial: Path, root: Path) -> Path | None:
    """The nearest folder, from the trial's upwards to the project's, whose name has "calib" in it."""
    for folder in (trial, *trial.parents):
        for entry in list_folder(folder):
            if entry.is_dir() and "calib" in entry.name.lower():
                return Path(entry.path)
        if folder == root:
            break
    return None


def find_source(folder: Path) -> Path:
    """The TOML file that Pose2Sim wrote into a calibration folder, as its own later stages take that; else the folder."""
    written = [Path(entry.path) for entry in list_folder(folder) if entry.name.lower().endswith(".toml")]
    return written[0] if len(written) == 1 else folder


def translate_calibration(config: dict[str, Any], source: Path | None) -> tuple[Sections, list[Note]]:
    """The sections ``calibration`` and ``boards``, and notes on what was decided."""
    values = {key.removeprefix("calibration."): value for key, value in flat(config).items() if key.startswith("calib")}
    if source is not None and source.suffix.lower() == ".toml":
        text = f"the calibration that is there already, {source.name}, is taken, as Pose2Sim's later stages do"
        return {"calibration": {"format": "toml"}}, [Note(TAKEN, "calibration", source.name, text)]
    if values.get("calibration_type", "convert") == "convert":
        return _converted(values)
    return _calculated(values)


def _converted(values: dict[str, Any]) -> tuple[Sections, list[Note]]:
    key, asked = "calibration.convert.convert_from", str(values.get("convert.convert_from", ""))
    if asked not in FORMATS:
        text = "no calibration format that is known here: export it as one that is (config/README.md), or as calibration.toml"
        return {}, [Note(LOOK, key, asked, text)]
    section: dict[str, Any] = {"format": FORMATS[asked]}
    if asked == "qualisys":
        section["binning"] = values.get("convert.qualisys.binning_factor", 1)
    return {"calibration": section}, [Note(TAKEN, key, asked, f"calibration.format: {section['format']}")]


def _calculated(values: dict[str, Any]) -> tuple[Sections, list[Note]]:
    """Boards and scene points; square sides in m here, in mm there."""
    inner, outer = "calculate.intrinsics.", "calculate.extrinsics."
    method = str(values.get(outer + "extrinsics_method", "board"))
    methods = {"board": "board", "scene": "scene_points", "keypoints": "people"}
    notes = []
    sections: Sections = {"calibration": {"method": methods.get(method, "board")}, "boards": {}}
    targets = (
        (inner + "intrinsics_corners_nb", "corners", lambda value: value),
        (inner + "intrinsics_square_size", "square_m", lambda value: value * MM),
        (inner + "extract_every_N_sec", "frame_interval_s", lambda value: value),
        (outer + "board.extrinsics_corners_nb", "extrinsics_corners", lambda value: value),
        (outer + "board.extrinsics_square_size", "extrinsics_square_m", lambda value: value * MM),
        (outer + "board.board_position", "lies_on", lambda value: "wall" if value == "vertical" else "floor"),
    )
    for key, name, meaning in targets:
        if key not in values:
            continue
        try:
            sections["boards"][name] = meaning(values[key])
        except TypeError:
            text = "a square's sides of different lengths: set boards by hand"
            notes.append(Note(LOOK, f"calibration.{key}", shown(values[key]), text))
            continue
        notes.append(
            Note(TAKEN, f"calibration.{key}", shown(values[key]), f"boards.{name}: {sections['boards'][name]}")
        )
    if method == "scene":
        text = (
            "calibration.method: scene_points; where the points are in the pictures is asked on the screen there: write "
            "extrinsics/object_points.tsv and image_points.tsv (verb click-points)"
        )
        notes.append(Note(LOOK, f"calibration.{outer}extrinsics_method", method, text))
    return sections, notes
