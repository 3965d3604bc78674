"""TRC marker files (OpenSim, Vicon and others): metres, y up.

The world of a calibration has z up. A TRC file has y up: its X, Y, Z are the world's y, z, x, as Pose2Sim writes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kineograph.errors import InputError
from kineograph.io.atomic import write_text
from kineograph.model.shapes import FloatArray, require_shape

WORLD_AXES_OF_TRC = (1, 2, 0)
"""TRC's X, Y, Z are these axes of the world."""
_UNIT_IN_M = {"m": 1.0, "mm": 0.001, "cm": 0.01}
_HEADER_LINES = 5


@dataclass(frozen=True)
class MarkerTrajectories:
    """Markers over time in OpenSim's axes (y up), m.

    Attributes
    ----------
    names : tuple of str
        M marker names.
    position_m : (F, M, 3) array
        m, NaN where missing.
    time_s : (F,) array
        s.
    fps_hz : float
        Hz.
    """

    names: tuple[str, ...]
    position_m: FloatArray
    time_s: FloatArray
    fps_hz: float

    def __post_init__(self) -> None:
        require_shape(self.position_m, (len(self.time_s), len(self.names), 3), "position_m")


def to_opensim_axes(world_m: FloatArray) -> FloatArray:
    """World coordinates (z up) in OpenSim's axes (y up), any shape ending in 3."""
    turned: FloatArray = world_m[..., WORLD_AXES_OF_TRC]
    return turned


def from_opensim_axes(turned_m: FloatArray) -> FloatArray:
    """OpenSim's axes (y up) in the world's (z up), any shape ending in 3."""
    world: FloatArray = turned_m[..., np.argsort(WORLD_AXES_OF_TRC)]
    return world


def write_trc(path: Path, markers: MarkerTrajectories) -> None:
    """Write a TRC file, atomically. Missing positions are `nan` (OpenSim refuses blank cells); frames are numbered from 1."""
    frames, count = markers.position_m.shape[:2]
    rate = f"{markers.fps_hz:.10g}"
    axes = [f"{axis}{index + 1}" for index in range(count) for axis in "XYZ"]
    rows = [
        f"PathFileType\t4\t(X/Y/Z)\t{path.name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{rate}\t{rate}\t{frames}\t{count}\tm\t{rate}\t1\t{frames}",
        "Frame#\tTime\t" + "\t".join(f"{name}\t\t" for name in markers.names),
        "\t\t" + "\t".join(axes),
    ]
    values = markers.position_m.reshape(frames, count * 3)
    for index in range(frames):
        cells = ["nan" if np.isnan(value) else f"{value:.9f}" for value in values[index]]
        rows.append(f"{index + 1}\t{markers.time_s[index]:.9f}\t" + "\t".join(cells))
    write_text(path, "\n".join(rows) + "\n")


def read_trc(path: Path) -> MarkerTrajectories:
    """Read a TRC file.

    Raises
    ------
    InputError
        Where the file is not a TRC file, or its rows don't fit its header.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise _unusable(path, str(error)) from error
    if len(lines) < _HEADER_LINES or not lines[0].startswith("PathFileType"):
        raise _unusable(path, lines[0][:60] if lines else "an empty file")
    facts = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=False))
    names = tuple(name for name in (cell.strip() for cell in lines[3].split("\t")[2:]) if name)
    unit = facts.get("Units", "").strip()
    if unit not in _UNIT_IN_M:
        raise _unusable(path, f"units of {unit!r}")
    rows = [line.split("\t") for line in lines[_HEADER_LINES:] if line.strip()]
    table = np.full((len(rows), 2 + 3 * len(names)), np.nan)
    for index, cells in enumerate(rows):
        if len(cells) > table.shape[1] and any(cell.strip() for cell in cells[table.shape[1] :]):
            raise _unusable(path, f"{len(cells)} columns in row {index + 1} for {len(names)} markers")
        try:
            values = [float(cell) if cell.strip() else np.nan for cell in cells[: table.shape[1]]]
        except ValueError as error:
            raise _unusable(path, f"row {index + 1}: {error}") from error
        table[index, : len(values)] = values
    try:
        rate = float(facts["DataRate"])
    except (KeyError, ValueError) as error:
        raise _unusable(path, "no DataRate") from error
    position = table[:, 2:].reshape(len(rows), len(names), 3) * _UNIT_IN_M[unit]
    return MarkerTrajectories(names, position, table[:, 1], rate)


def _unusable(path: Path, found: str) -> InputError:
    return InputError(
        f"{path} can't be read as a TRC file",
        expected="a TRC file: five header lines, then a row a frame with three numbers a marker, in m, cm or mm",
        found=found,
        hint="export it again, tab-separated and with decimal points",
    )
