"""OpenSim's set-up files: which marker pairs measure which bodies, and what inverse kinematics follows."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kineograph.errors import InputError

SQUARE = 0.1
"""Cosine of the angle between two axes, at most, that are at right angles."""


@dataclass(frozen=True)
class Measurement:
    """A length that scales bodies.

    Attributes
    ----------
    name : str
        Its name, such as ``thigh``.
    pairs : tuple of (str, str)
        Marker pairs whose distance is the length.
    bodies : dict of str to str
        Body -> axes that it scales, such as ``XYZ``.
    """

    name: str
    pairs: tuple[tuple[str, str], ...]
    bodies: dict[str, str]


@dataclass(frozen=True)
class Tasks:
    """What inverse kinematics follows.

    Attributes
    ----------
    markers : dict of str to float
        Marker -> weight, in the file's order.
    coordinates : dict of str to (float, float)
        Coordinate -> (weight, value in rad or m) that it is pulled to.
    """

    markers: dict[str, float]
    coordinates: dict[str, tuple[float, float]]


def read_measurements(path: Path) -> tuple[Measurement, ...]:
    """The measurements that are switched on in a scaling set-up file.

    Raises
    ------
    InputError
        Where the file is not there, is not XML, or has no measurement.
    """
    root = _parse(path)
    found = []
    for element in root.iter("Measurement"):
        if not _applies(element):
            continue
        pairs = [tuple((pair.text or "").split()) for pair in element.iter("markers")]
        bodies = {
            scale.get("name", ""): "".join((scale.findtext("axes") or "").split())
            for scale in element.iter("BodyScale")
        }
        found.append(Measurement(element.get("name", ""), tuple((p[0], p[1]) for p in pairs if len(p) == 2), bodies))
    if not found:
        raise _unusable(path, "a scaling set-up with measurements", "no measurement that is switched on")
    return tuple(found)


def read_tasks(path: Path) -> Tasks:
    """The tasks that are switched on in an inverse kinematics set-up file.

    Raises
    ------
    InputError
        Where the file is not there, is not XML, or has no marker task.
    """
    root = _parse(path)
    markers, coordinates = {}, {}
    try:
        for element in root.iter("IKMarkerTask"):
            if _applies(element):
                markers[element.get("name", "")] = float(element.findtext("weight") or "1")
        for element in root.iter("IKCoordinateTask"):
            if _applies(element):
                value = float((element.findtext("value") or "0").split()[0])
                coordinates[element.get("name", "")] = (float(element.findtext("weight") or "1"), value)
    except ValueError as error:
        raise _unusable(path, "numbers as weights and values", str(error)) from error
    if not markers:
        raise _unusable(path, "an inverse kinematics set-up with marker tasks", "no marker task that is switched on")
    return Tasks(markers, coordinates)


def read_coordinate_ranges(model: Path) -> dict[str, tuple[float, float]]:
    """The range of each coordinate that a model file clamps to it, rad or m, without starting OpenSim; empty where the file is.

    The range of any other coordinate says only how far OpenSim's sliders go.
    """
    if not model.stat().st_size:
        return {}
    ranges = {}
    for element in _parse(model).iter("Coordinate"):
        bounds = (element.findtext("range") or "").split()
        if len(bounds) == 2 and (element.findtext("clamped") or "").strip() == "true":
            try:
                ranges[element.get("name", "")] = (float(bounds[0]), float(bounds[1]))
            except ValueError as error:
                raise _unusable(model, "numbers as the ends of a coordinate's range", str(error)) from error
    return ranges


def read_ball_joints(model: Path) -> list[tuple[str, str, str]]:
    """The coordinates of each joint that turns by three of them in a row about axes at right angles; none of an empty file."""
    if not model.stat().st_size:
        return []
    found = []
    for transform in _parse(model).iter("SpatialTransform"):
        turns = [transform.find(f"TransformAxis[@name='rotation{number}']") for number in (1, 2, 3)]
        names = [(turn.findtext("coordinates") or "").split() for turn in turns if turn is not None]
        if len(names) < 3 or any(len(own) != 1 for own in names) or len({own[0] for own in names}) < 3:
            continue
        try:
            axes = np.array([(turn.findtext("axis") or "").split() for turn in turns if turn is not None], float)
        except ValueError as error:
            raise _unusable(model, "three numbers as an axis of a joint", str(error)) from error
        if axes.shape == (3, 3) and np.abs(axes @ axes.T - np.eye(3)).max() < SQUARE:
            found.append((names[0][0], names[1][0], names[2][0]))
    return found


def read_body_shapes(model: Path) -> list[tuple[str, str, tuple[float, ...]]]:
    """Body, file and scale along its axes of each shape on a model's bodies, without starting OpenSim."""
    if not model.is_file() or not model.stat().st_size:
        return []
    found = []
    for body in _parse(model).iter("Body"):
        for mesh in body.iterfind("attached_geometry/Mesh"):
            scale = tuple(float(value) for value in (mesh.findtext("scale_factors") or "1 1 1").split())
            found.append((body.get("name", ""), (mesh.findtext("mesh_file") or "").strip(), scale))
    return found


def read_marker_names(model: Path) -> set[str]:
    """The names of a model file's markers, without starting OpenSim; none where the file is empty."""
    if not model.is_file() or not model.stat().st_size:
        return set()
    return {element.get("name", "") for element in _parse(model).iter("Marker")}


def _parse(path: Path) -> ET.Element:
    try:
        return ET.parse(path).getroot()
    except FileNotFoundError as error:
        raise _unusable(path, "a set-up file", "no such file") from error
    except (ET.ParseError, LookupError, ValueError) as error:
        raise _unusable(path, "a set-up file in XML", str(error)) from error


def _applies(element: ET.Element) -> bool:
    return (element.findtext("apply") or "true").strip().lower() != "false"


def _unusable(path: Path, expected: str, found: str) -> InputError:
    return InputError(
        f"the OpenSim set-up file {path} can't be used",
        expected=expected,
        found=found,
        hint="take the file from the pose2sim wheel, or save it again from OpenSim",
    )
