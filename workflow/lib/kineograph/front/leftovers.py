"""Results of trials, cameras and participants that the dataset no longer has."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from kineograph.dataset.names import name_pattern
from kineograph.dataset.records import Dataset, Trial
from kineograph.layout import PATHS, Layout

PER_JOB = ("logs", "benchmarks")
ANY_NAME = "tail"
"""The wildcard for the rest of a file's name (exports)."""


class Leftovers:
    """What of a results folder belongs to nothing in the dataset.

    Parameters
    ----------
    dataset : Dataset
        The dataset as it is now.
    layout : Layout
        The paths of its results.

    Attributes
    ----------
    foreign : int
        Files that this program did not make: they are never listed. Known when all leftovers were listed.
    """

    def __init__(self, dataset: Dataset, layout: Layout) -> None:
        self._dataset = dataset
        self._root = Path(layout.root)
        self._patterns = [_pattern(text) for text in PATHS.values()]
        self._sessions = {trial.session for trial in dataset.every_trial}
        self._people = {(trial.session, person) for trial in dataset.every_trial for person in trial.participants}
        self._calibrations = {(trial.session, trial.calibration.name) for trial in dataset.every_trial}
        self.foreign = 0

    def files(self) -> Iterator[Path]:
        """The leftover files, in order; links are not followed."""
        self.foreign = 0
        for folder, folders, names in os.walk(self._root, followlinks=False):
            folders.sort()
            for name in sorted(names):
                path = Path(folder) / name
                if self._is_leftover(path.relative_to(self._root)):
                    yield path

    def _is_leftover(self, path: Path) -> bool:
        if path.parts[0] in PER_JOB:
            return len(path.parts) > 3 and self._of_nothing(*path.with_suffix("").parts[2:])
        matches = [match.groupdict() for pattern in self._patterns if (match := pattern.fullmatch(path.as_posix()))]
        if not matches:
            self.foreign += 1
            return False
        return not any(self._is_wanted(match) for match in matches)

    def _is_wanted(self, names: dict[str, str]) -> bool:
        session = names.get("session")
        if session is None:
            return True
        if "trial" in names:
            trial = self._trial(session, names["trial"])
            if trial is None:
                return False
            camera, person = names.get("camera"), names.get("participant")
            return (camera is None or _has_camera(trial, camera)) and (person is None or person in trial.participants)
        if "calibration" in names and (session, names["calibration"]) not in self._calibrations:
            return False
        if "camera" in names:
            of_calibration = self._dataset.trials_calibrated_by(session, names["calibration"])
            return any(_has_camera(trial, names["camera"]) for trial in of_calibration)
        return "participant" not in names or (session, names["participant"]) in self._people

    def _of_nothing(self, session: str, name: str, *more: str) -> bool:
        """Whether a job's log is of what is no longer there: its path has a session, and a trial or what else a session has."""
        if session not in self._sessions:
            # a log of the cache's own jobs is named by an asset or a model, and a digest
            return not re.fullmatch(r"[0-9a-f]{12}", name)
        if (session, name) in self._calibrations or (session, name) in self._people:
            return False
        trial = self._trial(session, name)
        if trial is None:
            return True
        return bool(more) and not (_has_camera(trial, more[0]) or more[0] in trial.participants)

    def _trial(self, session: str, name: str) -> Trial | None:
        try:
            return self._dataset.trial(session, name)
        except KeyError:
            return None


def remove(files: list[Path], root: Path) -> int:
    """Remove leftover files and the folders that become empty; returns the number of files. Nothing outside `root` is touched."""
    inside = root.resolve()
    count = 0
    for path in files:
        if not path.parent.resolve().is_relative_to(inside):
            continue
        path.unlink(missing_ok=True)
        count += 1
        for folder in path.parents:
            if folder == root or any(folder.iterdir()):
                break
            folder.rmdir()
    return count


def _has_camera(trial: Trial, name: str) -> bool:
    """Whether a trial has a camera; one whose recordings can't be found may have any."""
    return not trial.cameras or any(camera.name == name for camera in trial.cameras)


def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", text)
    seen: set[str] = set()
    whole = ""
    for index, part in enumerate(parts):
        if index % 2 == 0:
            whole += re.escape(part)
        elif part in seen:
            whole += f"(?P={part})"
        else:
            seen.add(part)
            whole += f"(?P<{part}>{'[^/]+' if part == ANY_NAME else name_pattern(part)})"
    is_folder = "." not in text.rpartition("/")[2] and not text.endswith("}")
    return re.compile(whole + ("(/.*)?" if is_folder else ""))
