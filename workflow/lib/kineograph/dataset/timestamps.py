"""Where the times of cameras' frames are: ``<camera>.timestamps.csv`` beside what the camera recorded."""

from __future__ import annotations

import json
from pathlib import Path

from kineograph.dataset.records import CameraSource, Trial
from kineograph.provenance.fingerprint import fingerprint
from kineograph.settings.text import canonical

SUFFIX = ".timestamps.csv"


def timestamps_argument(trial: Trial, settings: str) -> str:
    """The file of each camera, as JSON; none where the method of synchronization (its settings, as JSON) reads none."""
    return canonical({name: str(path) for name, path in _files(trial, settings).items()})


def timestamps_content(trial: Trial, settings: str) -> str:
    """The fingerprint of each of those files, as JSON."""
    return canonical({name: fingerprint(path) for name, path in _files(trial, settings).items()})


def timestamps_file(camera: CameraSource) -> Path:
    """Where the times of a camera's frames are expected."""
    return camera.path.with_name(camera.name + SUFFIX)


def _files(trial: Trial, settings: str) -> dict[str, Path]:
    cameras = trial.cameras if json.loads(settings)["method"] == "timestamps" else ()
    return {camera.name: timestamps_file(camera) for camera in cameras}
