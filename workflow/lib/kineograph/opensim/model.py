"""OpenSim models: loading them with a marker set, and what they say about themselves.

OpenSim ends the process when a file is missing or no marker matches, so files are looked at before it sees them.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kineograph.errors import InputError
from kineograph.model.shapes import FloatArray

LAST_WORDS = b"</OpenSimDocument>"
"""How a model's file ends."""
PROBE_BYTES = 1 << 20


@dataclass(frozen=True)
class CoordinateInfo:
    """A coordinate of a model.

    Attributes
    ----------
    name : str
        Its name.
    rotational : bool
        True for angles.
    low, high : float
        Range of motion that the model gives it, rad or m.
    locked : bool
        True where it can't move.
    """

    name: str
    rotational: bool
    low: float
    high: float
    locked: bool


def import_opensim(level: str = "error") -> Any:
    """Import OpenSim without its habit of writing `opensim.log` into the working folder; it then logs from that level."""
    import opensim

    opensim.Logger.removeFileSink()
    opensim.Logger.setLevelString(level)
    return opensim


def load_model(path: Path, markers: Path | None = None) -> Any:
    """Load a model, with another marker set where one is given.

    The model is printed and loaded again after its marker set was exchanged: scaling it in memory would crash.

    Raises
    ------
    InputError
        Where a file is missing or OpenSim can't read it, or the marker set names bodies that the model lacks.
    """
    opensim = import_opensim()
    for file, kind in ((path, "model"), (markers, "marker set")):
        if file is not None and not file.is_file():
            raise _unusable(file, kind, "no such file")
    try:
        model = opensim.Model(str(path))
        if markers is None:
            model.initSystem()
            return model
        model.set_MarkerSet(opensim.MarkerSet(str(markers)))
        model.initSystem()
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "model.osim"
            write_model(model, copy)
            model = opensim.Model(str(copy))
            model.initSystem()
    except RuntimeError as error:
        raise _unusable(path, "model", str(error).splitlines()[0][:200]) from error
    return model


def marker_positions(model: Any) -> dict[str, FloatArray]:
    """Where each marker (3,) is in the model's default pose, m."""
    state = model.initSystem()
    model.realizePosition(state)
    markers = model.getMarkerSet()
    places = {}
    for index in range(markers.getSize()):
        marker = markers.get(index)
        place = marker.getLocationInGround(state)
        places[marker.getName()] = np.array([place.get(axis) for axis in range(3)])
    return places


def coordinates(model: Any) -> tuple[CoordinateInfo, ...]:
    """The model's coordinates, in its order."""
    opensim = import_opensim()
    found = model.getCoordinateSet()
    return tuple(
        CoordinateInfo(
            item.getName(),
            item.getMotionType() == opensim.Coordinate.Rotational,
            item.getRangeMin(),
            item.getRangeMax(),
            item.getDefaultLocked(),
        )
        for item in (found.get(index) for index in range(found.getSize()))
    )


def bodies(model: Any) -> tuple[str, ...]:
    """The names of the model's bodies."""
    found = model.getBodySet()
    return tuple(found.get(index).getName() for index in range(found.getSize()))


def scale_model(model: Any, factors: Mapping[str, FloatArray], mass_kg: float, name: str) -> None:
    """Scale a model's bodies in place.

    Parameters
    ----------
    model : opensim.Model
        From :func:`load_model`.
    factors : dict of str to (3,) array
        Body -> scale along its x, y, z axes; bodies that are not named keep their size.
    mass_kg : float
        Mass of the scaled model, kg, shared among the bodies as in the generic model.
    name : str
        Name of the scaled model.
    """
    opensim = import_opensim()
    scales = opensim.ScaleSet()
    for body, factor in factors.items():
        item = opensim.Scale()
        item.setSegmentName(body)
        item.setScaleFactors(opensim.Vec3(*(float(value) for value in factor)))
        item.setApply(True)
        scales.cloneAndAppend(item)
    model.scale(model.initSystem(), scales, True, float(mass_kg))
    model.setName(name)
    model.initSystem()


def move_markers(model: Any, offset_m: Mapping[str, FloatArray]) -> None:
    """Shift a model's markers in place.

    Parameters
    ----------
    model : opensim.Model
        From :func:`load_model`.
    offset_m : dict of str to (3,) array
        Marker -> shift along the axes of its body, m.
    """
    opensim = import_opensim()
    for name, offset in offset_m.items():
        marker = model.getMarkerSet().get(name)
        transform = marker.getParentFrame().findTransformInBaseFrame()
        turned = transform.R()  # a view: it lives as long as the transform
        place = marker.get_location()
        shift = [sum(turned.get(row, axis) * float(offset[row]) for row in range(3)) for axis in range(3)]
        marker.set_location(opensim.Vec3(*(place.get(axis) + shift[axis] for axis in range(3))))
    model.initSystem()


def write_model(model: Any, path: Path) -> None:
    """Print a model to an .osim file.

    OpenSim says of a failure neither the cause nor, where it is in the last few kilobytes, that there was one.

    Raises
    ------
    OSError
        Where the file can't be written whole, with the operating system's cause.
    """
    try:
        model.printToXML(str(path))
        whole = path.read_bytes().rstrip().endswith(LAST_WORDS)
    except RuntimeError:
        whole = False
    if not whole:
        raise _why_not_whole(path)


def _why_not_whole(path: Path) -> OSError:
    """What stops us from writing more to a file stopped OpenSim, too, and says why."""
    try:
        with path.open("ab") as file:
            file.write(bytes(PROBE_BYTES))
            os.fsync(file.fileno())
    except OSError as error:
        return OSError(error.errno, error.strerror, str(path))
    return OSError(errno.EIO, "OpenSim did not write it whole", str(path))


def _unusable(path: Path, kind: str, found: str) -> InputError:
    return InputError(
        f"the OpenSim {kind} {path} can't be used",
        expected=f"an OpenSim 4 {kind} file",
        found=found,
        hint="correct its path, or open and save it with OpenSim 4",
    )
