"""Projects of other tools as the dataset: recognised, put into this program's terms, and said how."""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from kineograph.dataset.read import PARTICIPANTS_SHEET, TRIALS_SHEET
from kineograph.dataset.sheets import PARTICIPANT_COLUMNS, TRIAL_COLUMNS
from kineograph.project_formats._project import LOOK, UNKNOWN, Project, sheet_text
from kineograph.settings.plugins import plugin_module, plugin_names

FOLDER = "project_formats"
PLACE = Path(".kineograph") / "projects"
"""Where the sheets of recognised projects are kept, below the working directory."""


def find_project(root: Path) -> Project | None:
    """The project of another tool that a folder is; None where it is none, or has a trial sheet of its own."""
    if (root / TRIALS_SHEET).exists():
        return None
    module = next((module for module in _formats() if module.recognised(root)), None)
    project: Project | None = module.read(root) if module else None
    return project


def with_project(config: Mapping[str, Any]) -> tuple[dict[str, Any], Project | None]:
    """The configuration with what a recognised project says beneath it; what the configuration says itself goes first.

    The project's sheets are written below the working directory, and the configuration names them.
    """
    dataset = config.get("dataset")
    if not isinstance(dataset, str) or config.get("trials"):
        return dict(config), None
    project = find_project(Path(dataset))
    if project is None:
        return dict(config), None
    trials, participants = write_sheets(project, PLACE / _identity(Path(dataset)))
    merged = merged_config(project, config)
    merged["trials"] = str(trials)
    merged["participants"] = config.get("participants") or str(participants)
    return merged, project


def merged_config(project: Project, config: Mapping[str, Any]) -> dict[str, Any]:
    """The project's configuration with another over it, key by key, also where the project has its own value for a trial."""
    merged = dict(config)
    for name, values in project.config.items():
        given = config.get(name)
        if isinstance(values, dict) and isinstance(given, dict):
            merged[name] = {**values, **given}
        elif name not in config:
            merged[name] = values
    overrides = []
    for entry in project.overrides:
        left = {name: _without(values, config.get(name)) for name, values in entry["set"].items()}
        if any(left.values()):
            overrides.append(
                {"match": entry["match"], "set": {name: values for name, values in left.items() if values}}
            )
    both = [*overrides, *(config.get("overrides") or [])]
    if both:
        merged["overrides"] = both
    return merged


def write_sheets(project: Project, folder: Path) -> tuple[Path, Path]:
    """Write the trial sheet and the participants' sheet; what is there already stays untouched."""
    trials, participants = folder / TRIALS_SHEET, folder / PARTICIPANTS_SHEET
    write_text_once(trials, sheet_text(project.trials, TRIAL_COLUMNS))
    write_text_once(participants, sheet_text(project.participants, PARTICIPANT_COLUMNS))
    return trials, participants


def write_text_once(path: Path, text: str) -> None:
    """Write a text file whole, unless it says so already."""
    try:
        if path.read_text(encoding="utf-8") == text:
            return
    except (FileNotFoundError, UnicodeDecodeError):
        path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def say_project(project: Project | None, report: Path) -> None:
    """Tell on the screen that a project was recognised, and write what became of each of its values."""
    if project is None:
        return
    write_text_once(report, project.report())
    look = [note for note in project.notes if note.outcome in (UNKNOWN, LOOK)]
    print(
        f"{project.title}, {len(project.trials)} trials; values: {project.summary()} (all in {report})", file=sys.stderr
    )
    for note in look:
        print(f"  {note.label} = {note.value}: {note.meaning}", file=sys.stderr)


def _without(values: dict[str, Any], given: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if not (isinstance(given, dict) and key in given)}


def _formats() -> list[ModuleType]:
    return [importlib.import_module(plugin_module(FOLDER, name)) for name in plugin_names(FOLDER)]


def _identity(root: Path) -> str:
    return f"{root.resolve().name}-{hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:8]}"
