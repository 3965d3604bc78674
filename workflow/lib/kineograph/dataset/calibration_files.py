"""Finding the calibration file of a trial and its format, by what each format's file says of itself."""

from __future__ import annotations

from pathlib import Path

from kineograph.dataset.folders import list_folder
from kineograph.errors import InputError
from kineograph.settings.plugins import plugin_literal, plugin_names

FOLDER = "calibration_formats"
AUTO = "auto"
HEAD_BYTES = 65_536


def find_calibration_file(path: Path, format_name: str) -> tuple[Path, str]:
    """The one calibration file at a path (the file itself, or in the folder), and its format.

    Parameters
    ----------
    path : Path
        A file or a folder.
    format_name : str
        A format's name, or ``auto``.

    Raises
    ------
    InputError
        Where there is none, or more than one.
    """
    if not path.exists():
        raise InputError(
            f"the calibration {path} is not there",
            expected="a calibration file, or a folder with one",
            found="no such file or folder",
            hint="put the calibration there, or name it in the 'calibration' column of the trial sheet",
        )
    names = plugin_names(FOLDER) if format_name == AUTO else [format_name]
    candidates = [Path(entry.path) for entry in list_folder(path) if entry.is_file()] if path.is_dir() else [path]
    found = [(file, name) for file in candidates for name in names if _looks_like(file, name)]
    if not found and format_name != AUTO and len(candidates) == 1:
        return candidates[0], format_name  # asked for by name: let the format say what is wrong
    if len(found) != 1:
        raise InputError(
            f"{path} holds {'more than one' if found else 'no'} calibration",
            expected=f"one file of a known format ({', '.join(names)})",
            found=", ".join(file.name for file, _ in found)
            or ", ".join(file.name for file in candidates[:6])
            or "nothing",
            hint="name the file in the 'calibration' column of the trial sheet"
            if found
            else "convert it to calibration.toml",
        )
    return found[0]


def _looks_like(file: Path, name: str) -> bool:
    suffixes: tuple[str, ...] = plugin_literal(FOLDER, name, "SUFFIXES", ())
    if not file.name.lower().endswith(suffixes):
        return False
    mark: str = plugin_literal(FOLDER, name, "MARK", "")
    try:
        with file.open("rb") as content:
            return mark.encode() in content.read(HEAD_BYTES)
    except OSError:
        return False
