"""Looking at what is stated of a trial's clocks: an offset for each camera, or a file with the times of its frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kineograph.cli._findings import Finding
from kineograph.dataset.records import Trial
from kineograph.dataset.timestamps import timestamps_file
from kineograph.errors import KineographError
from kineograph.io.timestamps import read_timestamps
from kineograph.stages.synchronize import given_offsets_s, require_times


def clock_findings(
    trial: Trial, settings: Mapping[str, Any], frames: Mapping[str, int], name: str
) -> Iterator[Finding]:
    """What the method of synchronization would find missing.

    Parameters
    ----------
    trial : Trial
        The trial.
    settings : dict
        Its section ``synchronization``.
    frames : dict of str to int
        The number of frames of each camera that can be used.
    name : str
        What to call the trial.
    """
    method = settings["method"]
    if method == "given":
        try:
            given_offsets_s(list(frames), settings["offsets_s"])
        except KineographError as error:
            yield Finding.of_error(error, "error", name)
    elif method == "timestamps":
        for camera in trial.cameras:
            if camera.name in frames:
                try:
                    require_times(camera.name, read_timestamps(timestamps_file(camera)), frames[camera.name])
                except KineographError as error:
                    yield Finding.of_error(error, "error", name)
    for key, its in (("offsets_s", "given"), ("approx_offsets_s", "motion")):
        if settings[key] and method != its:
            yield Finding(
                "warning",
                f"synchronization.{key} is not read: it belongs to another method",
                f"expected synchronization.method {its}; found {method}",
                f"set synchronization.method to {its}, or remove {key}",
                name,
            )
