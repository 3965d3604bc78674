"""Finding the format that reads a calibration file."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

from kineograph.dataset.folders import list_folder
from kineograph.errors import InputError
from kineograph.model.camera import Rig
from kineograph.settings.plugins import plugin_module, plugin_names, plugin_parameters

FOLDER = "calibration_formats"
AUTO = "auto"


def format_module(name: str) -> ModuleType:
    """The module of a format, imported now."""
    return importlib.import_module(plugin_module(FOLDER, name))


def read_calibration(path: Path, format_name: str, parameters: dict[str, Any]) -> tuple[Rig, str]:
    """Read the cameras of a calibration file, or of the one calibration file in a folder.

    Parameters
    ----------
    path : Path
        The file or folder.
    format_name : str
        A format's name, or ``auto`` to go by the file.
    parameters : dict
        The format's parameters; with ``auto`` those of any format.

    Returns
    -------
    rig : Rig
        The cameras.
    format_name : str
        The format that read them.

    Raises
    ------
    InputError
        Where there is no calibration, or more than one, or it can't be understood.
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
    found = [(file, name) for file in candidates for name in names if format_module(name).can_read(file)]
    if not found and format_name != AUTO and len(candidates) == 1:
        found = [(candidates[0], format_name)]  # asked for by name: let the format say what is wrong
    if len(found) != 1:
        raise InputError(
            f"{path} holds {'no' if not found else 'more than one'} calibration",
            expected=f"one file of a known format ({', '.join(names)})",
            found=", ".join(file.name for file, _ in found) or ", ".join(file.name for file in candidates[:6]) or "nothing",
            hint="name the file in the 'calibration' column of the trial sheet" if found else "convert it to calibration.toml",
        )
    file, name = found[0]
    known = plugin_parameters(FOLDER, name)
    chosen = {key: parameters.get(key, rule["default"]) for key, rule in known.items()}
    rig: Rig = format_module(name).read(file, **chosen)
    return rig, name
