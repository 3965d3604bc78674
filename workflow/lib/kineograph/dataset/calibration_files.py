"""Finding the calibration of a trial and its format, by what each format's file says of itself, and the files it consists of."""

from __future__ import annotations

from pathlib import Path

from kineograph.dataset.listing import list_folder
from kineograph.errors import InputError
from kineograph.settings.plugins import plugin_literal, plugin_names

FOLDER = "calibration_formats"
AUTO = "auto"
HEAD_BYTES = 65_536


def find_calibration_file(path: Path, format_name: str) -> tuple[Path, str]:
    """The one calibration at a path, and its format.

    Parameters
    ----------
    path : Path
        A file or a folder.
    format_name : str
        A format's name, or ``auto``.

    Returns
    -------
    Path, str
        The file (the first where a second belongs to it), or the folder where there is a file a camera; the format's name.

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
    candidates = _files(path) if path.is_dir() else [path]
    found = [(file, name) for name in names for file in _of_format(path, candidates, name)]
    if not found and format_name != AUTO and len(candidates) == 1:
        return candidates[0], format_name  # asked for by name: let the format say what is wrong
    if len(found) != 1:
        raise InputError(
            f"{path} holds {'more than one' if found else 'no'} calibration",
            expected=f"one calibration of a known format ({', '.join(names)})",
            found=", ".join(f"{file.name} ({name})" for file, name in found)
            or ", ".join(file.name for file in candidates[:6])
            or "nothing",
            hint="name the file in the 'calibration' column of the trial sheet, or the format in calibration.format"
            if found
            else "convert it to calibration.toml",
        )
    return found[0]


def calibration_files(path: Path, format_name: str) -> tuple[Path, ...]:
    """The files that a calibration consists of, those that are there, in natural order.

    Parameters
    ----------
    path : Path
        As :func:`find_calibration_file` gives it.
    format_name : str
        The format's name.
    """
    if path.is_dir():
        return tuple(file for file in _with_subfolders(path) if _looks_like(file, format_name))
    partner: tuple[str, str] | None = plugin_literal(FOLDER, format_name, "PARTNER", None)
    if partner is None:
        return (path,)
    wanted = path.name.lower().replace(*partner)
    return (path, *(file for file in _files(path.parent) if file.name.lower() == wanted))


def _of_format(path: Path, candidates: list[Path], name: str) -> list[Path]:
    """The calibrations of one format among the files at a path."""
    if path.is_dir() and plugin_literal(FOLDER, name, "FILE_PER_CAMERA", False):
        return [path] if calibration_files(path, name) else []
    return [file for file in candidates if _looks_like(file, name)]


def _files(folder: Path) -> list[Path]:
    return [Path(entry.path) for entry in list_folder(folder) if entry.is_file()]


def _with_subfolders(folder: Path) -> list[Path]:
    inner = [Path(entry.path) for entry in list_folder(folder) if entry.is_dir()]
    return [*_files(folder), *(file for subfolder in inner for file in _files(subfolder))]


def _looks_like(file: Path, name: str) -> bool:
    suffixes: tuple[str, ...] = plugin_literal(FOLDER, name, "SUFFIXES", ())
    if not file.name.lower().endswith(suffixes):
        return False
    mark: str = plugin_literal(FOLDER, name, "MARK", "")
    unlike: str = plugin_literal(FOLDER, name, "UNLIKE", "")
    try:
        with file.open("rb") as content:
            head = content.read(HEAD_BYTES)
    except OSError:
        return False
    return mark.encode() in head and not (unlike and unlike.encode() in head)
