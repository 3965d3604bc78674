"""Markers and joint angles as a BIDS data set (BIDS 1.11, Motion; doi:10.1038/s41597-024-03559-8), in a ZIP archive.

Archives of several trials and participants unpack into one folder and are then one data set: their files have names of their
own, and those for the whole data set are the same in all. Names keep their letters and digits only, as BIDS asks. Positions are
in m in the world's axes (z up), joint angles in degrees; ``n/a`` is what is missing.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from kineograph import __version__
from kineograph.errors import InputError
from kineograph.exports._markers import markers
from kineograph.exports._subject import Subject
from kineograph.exports._zip_file import write_zip
from kineograph.model.shapes import FloatArray

LEVEL = "person"
FILES = (".bids.zip",)
NEEDS = ("points", "coordinates")
BIDS_VERSION = "1.11.0"
SYSTEM = "kineograph"
MISSING = "n/a"
COLUMNS = ("name", "component", "type", "tracked_point", "units", "reference_frame")
Channel = tuple[str, str, str, str, str, str]
DESCRIPTION = {
    "Name": "Markerless motion capture",
    "BIDSVersion": BIDS_VERSION,
    "DatasetType": "raw",
    "GeneratedBy": [{"Name": "Kineograph", "Version": __version__}],
}
README = (
    "Markers and joint angles that Kineograph computed from the videos of several cameras.\n"
    "Positions are in m in the cameras' common axes (right-handed, z up); joint angles are an OpenSim model's, in degrees.\n"
)
FRAMES = {
    "reference_frame": {
        "Description": "What positions are measured in.",
        "Levels": {
            "world": {
                "SpatialAxes": "FLS",
                "RotationRule": "right-hand",
                "Description": "The axes of the cameras' calibration: right-handed, z up; x and y as the calibration has them.",
            }
        },
    }
}


def write(paths: tuple[Path, ...], subject: Subject) -> None:
    """Write the archive; without joint angles where none could be solved.

    Raises
    ------
    InputError
        Where the trial has no frame.
    """
    channels, table = _positions(subject)
    try:
        more, angles = _angles(subject)
    except InputError:
        more, angles = [], np.zeros((len(table), 0))
    channels, table = channels + more, np.concatenate([table, angles], axis=1)
    person, session, task = (label(name) for name in (subject.participants[0], subject.session, subject.trial))
    stem = f"sub-{person}/ses-{session}/motion/sub-{person}_ses-{session}_task-{task}_tracksys-{SYSTEM}"
    rows = ["\t".join(MISSING if value != value else f"{value:.6f}" for value in row) for row in table.tolist()]  # noqa: PLR0124
    members = {
        "dataset_description.json": _json(DESCRIPTION),
        "README": README.encode(),
        f"{stem}_motion.tsv": ("\n".join(rows) + "\n").encode(),
        f"{stem}_motion.json": _json(_sidecar(subject, channels)),
        f"{stem}_channels.tsv": _text([COLUMNS, *channels]),
        f"{stem}_channels.json": _json(FRAMES),
    }
    write_zip(paths[0], members)


def label(name: str) -> str:
    """A name as BIDS labels are: letters and digits only."""
    return re.sub(r"[^A-Za-z0-9]", "", name)


def _positions(subject: Subject) -> tuple[list[Channel], FloatArray]:
    names, position, _ = markers(subject)
    channels: list[Channel] = [(f"{name}_{axis}", axis, "POS", name, "m", "world") for name in names for axis in "xyz"]
    return channels, position.reshape(len(position), -1)


def _angles(subject: Subject) -> tuple[list[Channel], FloatArray]:
    """The model's angles; its pelvis translations are positions that the markers tell already."""
    found = subject.coordinates
    turning = np.flatnonzero(found.rotational)
    channels: list[Channel] = [
        (found.names[index], MISSING, "JNTANG", found.names[index], "deg", MISSING) for index in turning
    ]
    return channels, found.values_deg_m[:, turning]


def _sidecar(subject: Subject, channels: list[Channel]) -> dict[str, Any]:
    kinds = [channel[2] for channel in channels]
    points = {channel[3] for channel in channels if channel[2] == "POS"}
    return {
        "TaskName": subject.trial,
        "SamplingFrequency": subject.all_points.fps_hz,
        "TrackingSystemName": "Kineograph",
        "SoftwareVersions": __version__,
        "MotionChannelCount": len(channels),
        "POSChannelCount": kinds.count("POS"),
        "JNTANGChannelCount": kinds.count("JNTANG"),
        "TrackedPointsCount": len(points),
        "MissingValues": MISSING,
    }


def _text(rows: list[Any]) -> bytes:
    return "".join("\t".join(row) + "\n" for row in rows).encode()


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, sort_keys=True) + "\n").encode()
