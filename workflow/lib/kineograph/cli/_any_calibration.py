"""Reading a calibration of any format, and naming the formats that can be written."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from kineograph.dataset.calibration_files import FOLDER, find_calibration_file
from kineograph.model.camera import Rig
from kineograph.settings.plugins import plugin_module, plugin_names, plugin_parameters


def read_calibration(path: Path, format_name: str, parameters: Mapping[str, Any]) -> tuple[Rig, str]:
    """The calibration at a path, and its format's name; parameters that the format does not take are left aside."""
    file, used = find_calibration_file(path, format_name)
    wanted = plugin_parameters(FOLDER, used)
    given = {key: parameters.get(key, rule["default"]) for key, rule in wanted.items()}
    rig: Rig = format_module(used).read(file, **given)
    return rig, used


def format_module(name: str) -> ModuleType:
    """The module of a calibration format."""
    return importlib.import_module(plugin_module(FOLDER, name))


def writable_formats() -> list[str]:
    """The formats that can be written."""
    return [name for name in plugin_names(FOLDER) if hasattr(format_module(name), "write")]
