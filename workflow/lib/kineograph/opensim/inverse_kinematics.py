"""Joint angles by OpenSim's own inverse kinematics tool.

The tool runs in a folder of its own, once over the whole trial: in pieces it gives other results. What it got and what it
made are checked, because it crashes without a matching marker, does not return on an empty file, and tells success and
failure alike.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from kineograph.errors import InputError
from kineograph.io.motion import read_table
from kineograph.io.room import require_room
from kineograph.io.trc import MarkerTrajectories, write_trc
from kineograph.model.coordinates import Coordinates
from kineograph.model.shapes import FloatArray, finite
from kineograph.model.solution import Solution
from kineograph.opensim.child_process import in_child_process
from kineograph.opensim.model import coordinates as model_coordinates
from kineograph.opensim.model import import_opensim, load_model
from kineograph.opensim.setup_files import Tasks

NAME = "kineograph"
FEWEST_MARKERS = 3
HALF_A_FRAME = 0.5
FIRST_S, MOST_S_A_FRAME = 300.0, 5.0
"""The tool is stopped after so long: the slowest known model takes 0.07 s a frame on an idle machine."""


def solve(model_path: Path, markers: MarkerTrajectories, tasks: Tasks, accuracy: float) -> Solution:
    """Solve inverse kinematics for a trial.

    Parameters
    ----------
    model_path : Path
        The scaled model, with its markers.
    markers : MarkerTrajectories
        The measured markers in OpenSim's axes, m. Missing ones are NaN.
    tasks : Tasks
        Weights of markers and coordinates.
    accuracy : float
        Accuracy of the solver (1e-5 is OpenSim's default).

    Returns
    -------
    Solution
        Its coordinates without standard deviations.

    Raises
    ------
    InputError
        Where the model has fewer than three of the markers, or the solver stops.
    OSError
        Where the disk for temporary files is full: that is not the trial's fault.
    """
    model = load_model(model_path)
    infos = model_coordinates(model)
    on_model = _marker_names(model)
    present = finite(markers.position_m)
    followed = tuple(
        name
        for column, name in enumerate(markers.names)
        if name in on_model and tasks.markers.get(name, 0) > 0 and present[:, column].any()
    )
    if len(followed) < FEWEST_MARKERS:
        raise InputError(
            "inverse kinematics has too few markers to follow",
            expected=f"at least {FEWEST_MARKERS} of {', '.join(tasks.markers)}, measured and on the model {model_path}",
            found=", ".join(followed) or "none",
            hint="take the marker set that belongs to the skeleton",
        )
    columns = [markers.names.index(name) for name in followed]
    usable = present[:, columns].sum(axis=1) >= FEWEST_MARKERS
    chosen = MarkerTrajectories(
        followed, markers.position_m[usable][:, columns], markers.time_s[usable], markers.fps_hz
    )
    with tempfile.TemporaryDirectory(prefix="kineograph-ik-") as folder:
        table = _run(Path(folder), model, chosen, tasks, accuracy)
        values = _coordinates(table[0], table[1], infos)
        error = _marker_errors(table[2], table[3], chosen)
    frames = len(markers.time_s)
    all_values, all_errors = np.full((frames, len(infos)), np.nan), np.full((frames, len(followed)), np.nan)
    all_values[usable], all_errors[usable] = values, error
    result = Coordinates(
        tuple(info.name for info in infos), all_values, np.array([info.rotational for info in infos]), markers.time_s
    )
    return Solution(result, all_errors, followed)


def _run(
    folder: Path, model: Any, markers: MarkerTrajectories, tasks: Tasks, accuracy: float
) -> tuple[tuple[str, ...], FloatArray, tuple[str, ...], FloatArray]:
    """Run the tool; the tables of coordinates and of the model's markers."""
    opensim = import_opensim("info")
    trc, motion = folder / "markers.trc", folder / "coordinates.mot"
    write_trc(trc, markers)
    tool = opensim.InverseKinematicsTool()
    tool.setName(NAME)
    tool.setModel(model)
    tool.setMarkerDataFileName(str(trc))
    tool.setOutputMotionFileName(str(motion))
    tool.setResultsDir(str(folder))
    tool.set_report_errors(False)
    tool.set_report_marker_locations(True)
    tool.set_accuracy(accuracy)
    tool.setStartTime(float(markers.time_s[0]) - HALF_A_FRAME / markers.fps_hz)
    tool.setEndTime(float(markers.time_s[-1]) + HALF_A_FRAME / markers.fps_hz)
    _add_tasks(opensim, tool, model, markers.names, tasks)
    try:
        in_child_process(tool.run, FIRST_S + MOST_S_A_FRAME * len(markers.time_s))
        names, rows, _ = read_table(motion)
        place_names, places, _ = read_table(folder / f"{NAME}_ik_model_marker_locations.sto")
        require_room(folder)  # OpenSim does not say where its tables were cut off
    except (RuntimeError, InputError) as error:
        require_room(folder)
        raise InputError(
            "OpenSim's inverse kinematics stopped",
            expected=f"a solution for {len(markers.time_s)} frames",
            found=str(error).splitlines()[0][:200],
            hint="see OpenSim's log beside this job's log; look at the markers for jumps",
        ) from error
    if len(rows) != len(markers.time_s):
        raise InputError(
            "OpenSim's inverse kinematics did not solve every frame",
            expected=f"{len(markers.time_s)} frames",
            found=f"{len(rows)}",
            hint="see OpenSim's log beside this job's log",
        )
    return names, rows, place_names, places


def _add_tasks(opensim: Any, tool: Any, model: Any, markers: tuple[str, ...], tasks: Tasks) -> None:
    known = {info.name for info in model_coordinates(model)}
    for name in markers:
        marker_task = opensim.IKMarkerTask()
        marker_task.setName(name)
        marker_task.setApply(True)
        marker_task.setWeight(tasks.markers[name])
        tool.upd_IKTaskSet().cloneAndAppend(marker_task)
    for name, (weight, value) in tasks.coordinates.items():
        if name in known and weight > 0:
            task = opensim.IKCoordinateTask()
            task.setName(name)
            task.setApply(True)
            task.setWeight(weight)
            task.setValueType(opensim.IKCoordinateTask.ManualValue)
            task.setValue(value)
            tool.upd_IKTaskSet().cloneAndAppend(task)


def _coordinates(names: tuple[str, ...], rows: FloatArray, infos: tuple[Any, ...]) -> FloatArray:
    """The coordinates (F, Q) in the model's order, rad and m; OpenSim writes degrees."""
    column = {name: index for index, name in enumerate(names)}
    values = np.stack([rows[:, column[info.name]] for info in infos], axis=1)
    turn = np.array([np.pi / 180 if info.rotational else 1.0 for info in infos])
    scaled: FloatArray = values * turn
    return scaled


def _marker_errors(names: tuple[str, ...], rows: FloatArray, markers: MarkerTrajectories) -> FloatArray:
    """Distance of the model's markers from the measured ones, (F, M), m."""
    column = {name: index for index, name in enumerate(names)}
    place = np.stack(
        [
            np.stack([rows[:, column[f"{name}_{axis}"]] for axis in ("tx", "ty", "tz")], axis=-1)
            for name in markers.names
        ],
        axis=1,
    )
    distance: FloatArray = np.linalg.norm(place - markers.position_m, axis=-1)
    return distance


def _marker_names(model: Any) -> set[str]:
    found = model.getMarkerSet()
    return {found.get(index).getName() for index in range(found.getSize())}
