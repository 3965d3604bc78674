"""Markers of known motions on a known model, and inverse kinematics of them by both solvers."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kineograph.geometry.forward_kinematics import MarkerModel
from kineograph.io.trc import MarkerTrajectories
from kineograph.model.kinematic_tree import KinematicTree
from kineograph.model.shapes import FloatArray
from kineograph.model.solution import Solution
from kineograph.opensim import inverse_kinematics
from kineograph.opensim import model as models
from kineograph.opensim.kinematic_tree import read_tree
from kineograph.opensim.setup_files import Tasks, read_tasks
from kineograph.stages.coordinate_tasks import CoordinateTasks, task_spreads, task_weights
from kineograph.stages.followed_markers import followed_markers
from kineograph.stages.solution_uncertainty import with_uncertainty
from kineograph.stages.trajectory_kinematics import solve_trajectory
from synthetic.motions import MOTIONS, correlated_noise
from synthetic.opensim_motion import LEGS, PERSON

FPS_HZ = 60.0
SIMPLE = "Model_Pose2Sim_simple.osim"
TELLING = ("pelvis_tilt", "pelvis_list", "pelvis_rotation", "elbow_flex_r", "elbow_flex_l")
MARKER_SETS = {
    "halpe26": ("Markers_Halpe26.xml", "IK_Setup_Pose2Sim_Halpe26.xml"),
    "blazepose": ("Markers_BlazePose.xml", "IK_Setup_Pose2Sim_Blazepose.xml"),
    "lstm": ("Markers_LSTM.xml", "IK_Setup_Pose2Sim_withHands_LSTM.xml"),
}


@dataclass(frozen=True)
class Person:
    """A model with a marker set, scaled to somebody: its file, its tree, the tasks of its set-up."""

    path: Path
    tree: KinematicTree
    tasks: Tasks


@dataclass(frozen=True)
class Trial:
    """Markers of a known motion: what was measured, and the true coordinates (F, Q)."""

    markers: MarkerTrajectories
    truth: FloatArray


def person(setup: Path, marker_set: str, folder: Path) -> Person:
    """A person who differs from the generic model."""
    markers, tasks = MARKER_SETS[marker_set]
    model = models.load_model(setup / SIMPLE, setup / markers)
    models.scale_model(model, {body: np.full(3, factor) for body, factor in PERSON.items()}, 70.0, "truth")
    path = folder / f"{marker_set}.osim"
    models.write_model(model, path)
    return Person(path, read_tree(path), read_tasks(setup / tasks))


def trial(who: Person, motion: str, seed: int, frames: int, noise_m: float = 0.0) -> Trial:
    """A person's markers in a motion; where noise lasts for a tenth of a second, as after a 6 Hz filter."""
    time_s = np.arange(frames) / FPS_HZ
    names = tuple(name for name in who.tree.markers if name in who.tasks.markers)
    model = MarkerModel(who.tree, names)
    truth = np.tile(who.tree.default, (frames, 1))
    for name, values in MOTIONS[motion](time_s, np.random.default_rng(seed)).items():
        if name in who.tree.names:
            truth[:, who.tree.names.index(name)] = values
    places = model.places(truth[:, model.free])
    if noise_m:
        places = places + correlated_noise(places.shape, FPS_HZ, noise_m, seed + 1000)
    return Trial(MarkerTrajectories(model.markers, places, time_s, FPS_HZ), truth)


def by_trajectory(who: Person, what: Trial, tasks: CoordinateTasks = "weak", **options: bool) -> tuple[Solution, float]:
    """The trajectory solver's solution, and its CPU seconds."""
    started = _cpu_s()
    followed = followed_markers(what.markers, who.tree.markers, who.tasks.markers)
    spreads = task_spreads(who.tasks.coordinates, tasks, len(followed.names))
    solution = solve_trajectory(who.tree, followed, what.markers.time_s, FPS_HZ, spreads, **options)
    return solution, _cpu_s() - started


def by_opensim(who: Person, what: Trial, tasks: CoordinateTasks = "setup") -> tuple[Solution, float]:
    """OpenSim's solution at 1e-5, by default as the peer sets it up, and its CPU seconds; with standard deviations."""
    started = _cpu_s()
    weights = task_weights(who.tasks.coordinates, tasks, len(what.markers.names))
    solution = inverse_kinematics.solve(who.path, what.markers, Tasks(who.tasks.markers, weights), 1e-5)
    spent = _cpu_s() - started
    followed = followed_markers(what.markers, who.tree.markers, who.tasks.markers)
    return with_uncertainty(solution, who.tree, followed, weights), spent


def _cpu_s() -> float:
    """CPU seconds of this process and of those that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(item.ru_utime + item.ru_stime for item in used)


def leg_columns(tree: KinematicTree) -> list[int]:
    return [tree.names.index(f"{angle}_{side}") for angle in LEGS for side in "rl"]


def leg_rms_deg(who: Person, what: Trial, solution: Solution) -> float:
    """Root mean square error of each leg angle, averaged over the angles, degrees."""
    columns = leg_columns(who.tree)
    error = np.degrees(solution.coordinates.values[:, columns] - what.truth[:, columns])
    return float(np.sqrt(np.nanmean(error**2, axis=0)).mean())


def coverage(what: Trial, solution: Solution) -> float:
    """Share of the observed angles that are within two standard deviations of the truth."""
    coordinates = solution.coordinates
    told = coordinates.observed & coordinates.rotational
    error = np.abs(coordinates.values - what.truth)[told]
    return float((error < 2 * coordinates.sd[told]).mean())


def compared_alone(who: Person, what: Trial) -> tuple[FloatArray, float]:
    """Frames solved each by itself, without smoothness and priors, beside OpenSim's solution without tasks.

    How much higher the weighted squares of each frame (F,) are than OpenSim's, relative; and the largest error of pelvis and
    elbow angles, degrees, by which a wrong minimum shows.
    """
    alone, _ = by_trajectory(who, what, "none", each_marker=False, smooth=False)
    reference, _ = by_opensim(who, what, "none")
    model = MarkerModel(who.tree, what.markers.names)
    weights = np.array([who.tasks.markers[name] for name in model.markers])
    columns = [what.markers.names.index(name) for name in model.markers]

    def objective(solution: Solution) -> FloatArray:
        places = model.places(solution.coordinates.values[:, model.free])
        squares: FloatArray = np.square(places - what.markers.position_m[:, columns]).sum(axis=-1) @ weights
        return squares

    telling = [who.tree.names.index(name) for name in TELLING]
    wrong = np.abs(alone.coordinates.values - what.truth)[:, telling]
    return objective(alone) / objective(reference) - 1, float(np.degrees(wrong.max()))
