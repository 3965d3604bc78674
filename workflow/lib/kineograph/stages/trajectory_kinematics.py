"""Joint angles of a whole trial at once, with their standard deviations: the solver `trajectory`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kineograph.geometry.angle_branches import continued
from kineograph.geometry.forward_kinematics import MarkerModel
from kineograph.geometry.frame_uncertainty import Lasting, frame_uncertainty, lasting_uncertainty
from kineograph.geometry.long_trials import pieces
from kineograph.geometry.natural_posture import Posture, natural_posture, observed
from kineograph.geometry.pose_fit import Pull, fit_poses
from kineograph.geometry.pose_starts import limb_guesses, parts_of, start_poses
from kineograph.geometry.trajectory_fit import Process, fit_trajectory, joined, trajectory_cost, uncertainty
from kineograph.geometry.trajectory_noise import FIRST_NOISE_M, Noise, learn, usual_roughness
from kineograph.model.coordinates import Coordinates
from kineograph.model.kinematic_tree import KinematicTree
from kineograph.model.shapes import FloatArray, IntArray
from kineograph.model.solution import Solution
from kineograph.stages.followed_markers import Followed

KEY_FRAMES_S = 0.2
"""Poses are searched for in frames so far apart; those between start on the line between them."""
WINDOWS = 4
WINDOW_S = 1.4
"""What a trial is like is learnt from so many stretches of it, so long."""
LEAST_WINDOW_FRAMES = 60
FAR_OFF = 3.0
"""Frames so many times as far from their markers as the median frame are searched for anew."""
LEAST_FAR_M = 0.005
ALONE_SPRING = 1e-3
"""Of frames solved by themselves, share of the natural spread's pull: it decides what no marker tells, and nothing else."""
ALONE_STEPS = 60
REPAIRS = 20
SETTLED = 1e-3
"""A frame whose objective falls by less than this share has found no other minimum."""
SIZE_SD = 0.0075
"""What a scaled model's bodies are off by in size, relative. From exact marker places with 4 mm of noise, twelve trials of
simulated persons (gait, squat, arms): torso 1.3 % (rms), the others 0.2 to 0.6 %."""


@dataclass(frozen=True)
class Problem:
    """A trial to solve: markers in the model's order, from the first usable frame to the last.

    Attributes
    ----------
    model : MarkerModel
        n free coordinates, M markers.
    position_m : (F, M, 3) array
        Markers, m, 0 where missing.
    weight : (F, M) array
        Relative precision; 0 where missing.
    usable : (U,) array of int
        Frames with enough markers.
    posture : Posture
        What is known without markers.
    fps_hz : float
        Hz.
    """

    model: MarkerModel
    position_m: FloatArray
    weight: FloatArray
    usable: IntArray
    posture: Posture
    fps_hz: float


def solve_trajectory(
    tree: KinematicTree,
    followed: Followed,
    time_s: FloatArray,
    fps_hz: float,
    tasks: Mapping[str, tuple[float, float]],
    *,
    each_marker: bool = True,
    smooth: bool = True,
) -> Solution:
    """Solve inverse kinematics for a trial.

    Parameters
    ----------
    tree : KinematicTree
        The scaled model.
    followed : Followed
        The measured markers in OpenSim's axes.
    time_s : (F,) array
        s.
    fps_hz : float
        Hz.
    tasks : dict of str to (float, float)
        Coordinate -> (standard deviation, value) that it is pulled to, rad or m.
    each_marker : bool
        Learn the noise of each marker; only of all together, relative to their weights, otherwise.
    smooth : bool
        All frames together; each by itself otherwise, as OpenSim does.
    """
    model = MarkerModel(tree, followed.names)
    columns = [followed.names.index(name) for name in model.markers]
    frames = np.flatnonzero(followed.usable)
    span = slice(int(frames[0]), int(frames[-1]) + 1)
    weight = followed.weight[span][:, columns]
    position = np.where((weight > 0)[..., None], followed.position_m[span][:, columns], 0.0)
    posture = natural_posture(model, tasks)
    problem = Problem(model, position, weight, frames - frames[0], posture, fps_hz)
    x = _start(problem)
    if smooth and len(x) > 2:
        x, sd = _together(problem, x, each_marker=each_marker)
    else:
        x, sd = _alone(problem, x)
    seen = observed(model, sd, posture)
    error = np.linalg.norm(model.places(x) - position, axis=-1)
    error = np.where(weight > 0, error, np.nan)
    shape = (len(time_s), len(tree.names))
    values, deviation, told = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, bool)
    slopes = model.slopes(x[problem.usable])
    values[frames] = model.values(x[problem.usable])
    deviation[frames] = np.sqrt((np.square(slopes) * np.square(sd[problem.usable])[:, None]).sum(axis=2))
    told[frames] = (((slopes != 0) & seen[problem.usable][:, None]).any(axis=2)) & (deviation[frames] > 0)
    all_errors = np.full((len(time_s), len(columns)), np.nan)
    all_errors[frames] = error[problem.usable]
    return Solution(
        Coordinates(tree.names, values, tree.rotational, time_s, deviation, told), all_errors, model.markers
    )


def _start(problem: Problem) -> FloatArray:
    """Poses (F, n) to begin with."""
    step = max(1, round(KEY_FRAMES_S * problem.fps_hz))
    keys = np.unique(np.append(problem.usable[::step], problem.usable[-1]))
    found = continued(problem.model, _search(problem, keys))
    when = np.arange(len(problem.position_m))
    return np.stack([np.interp(when, keys, column) for column in found.T], axis=1)


def _search(problem: Problem, frames: IntArray) -> FloatArray:
    """Poses (f, n) of frames of which nothing is known."""
    precision = problem.weight[frames] / FIRST_NOISE_M**2
    spring = Pull(problem.posture.spread**-2.0, problem.posture.centre)
    return start_poses(problem.model, problem.position_m[frames], precision, spring)


def _together(problem: Problem, x: FloatArray, *, each_marker: bool) -> tuple[FloatArray, FloatArray]:
    """The trajectory (F, n) and its standard deviations."""
    noise, process = _learn(problem, x, each_marker=each_marker)
    result, sd = np.empty_like(x), np.empty_like(x)
    for piece, counting, inside in pieces(len(x), problem.fps_hz):
        frames = np.arange(len(x))[piece]
        scale = (problem.weight > 0).astype(float) if each_marker else problem.weight
        precision = scale[piece] * noise.precision
        pull = problem.posture.spread**-2.0 * noise.exaggeration(len(frames))
        own = Process(process.roughness, process.centre, process.spread, joined(frames), pull)
        arguments = (problem.position_m[piece], precision)
        found = fit_trajectory(problem.model, *arguments, x[piece], own)
        found = _repaired(problem, frames, found, own, precision)
        covariance, _ = uncertainty(problem.model, found, *arguments, own)
        result[counting] = found[inside]
        lasting = Lasting(noise.slow_m2, SIZE_SD, problem.posture.spread)
        variance = np.diagonal(covariance, axis1=1, axis2=2) + lasting_uncertainty(
            problem.model, found, precision, own.level, pull / len(frames), lasting
        )
        sd[counting] = np.minimum(np.sqrt(variance), problem.posture.spread)[inside]
    return result, sd


def _learn(problem: Problem, x: FloatArray, *, each_marker: bool) -> tuple[Noise, Process]:
    """What a few stretches of the trial tell of its noise and roughness."""
    frames = np.arange(len(x))
    window = max(round(WINDOW_S * problem.fps_hz), LEAST_WINDOW_FRAMES)
    if len(x) > WINDOWS * window:
        starts = np.linspace(0, len(x) - window, WINDOWS).astype(int)
        frames = (starts[:, None] + np.arange(window)).ravel()
    roughness = usual_roughness(problem.model.turning, problem.fps_hz)
    process = Process(roughness, problem.posture.centre, problem.posture.spread, joined(frames))
    weight = problem.weight[frames]
    trust = np.array([np.median(column[column > 0]) for column in problem.weight.T]) if each_marker else None
    return learn(
        problem.model,
        problem.position_m[frames],
        (weight > 0).astype(float) if each_marker else weight,
        x[frames],
        process,
        frames,
        problem.fps_hz,
        trust,
    )


def _repaired(problem: Problem, frames: IntArray, x: FloatArray, process: Process, precision: FloatArray) -> FloatArray:
    """The trajectory of `frames`, where those that are far from their markers were searched for anew if that is better."""
    weight, position = problem.weight[frames], problem.position_m[frames]
    far = _far_off(problem.model.places(x) - position, weight)
    if not far.any():
        return x
    other = x.copy()
    other[far] = _search(problem, frames[far])
    other = continued(problem.model, other)
    other = fit_trajectory(problem.model, position, precision, other, process)
    costs = [trajectory_cost(problem.model, each, position, precision, process) for each in (x, other)]
    return other if costs[1] < costs[0] else x


def _far_off(off_m: FloatArray, weight: FloatArray) -> FloatArray:
    """(F,) True in frames that are much farther from their markers than most."""
    total = np.maximum(weight.sum(axis=1), 1e-12)
    size = np.sqrt((np.square(off_m).sum(axis=-1) * weight).sum(axis=1) / total)
    far: FloatArray = (size > FAR_OFF * np.median(size)) & (size > LEAST_FAR_M)
    return far


def _alone(problem: Problem, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Each frame by itself: from where `x` is, from a search of its own, and from its neighbours, the best of them."""
    model, posture = problem.model, problem.posture
    precision = problem.weight / FIRST_NOISE_M**2
    pinned = posture.spread < natural_posture(model, {}).spread
    spring = np.where(pinned, 1.0, ALONE_SPRING) * posture.spread**-2.0
    pull = Pull(spring, posture.centre)

    def squares(pose: FloatArray, rows: IntArray) -> FloatArray:
        off = np.square(model.places(pose) - problem.position_m[rows]).sum(axis=-1)
        total: FloatArray = (off * precision[rows]).sum(axis=1) + np.square(pose - posture.centre) @ spring
        return total

    every = np.arange(len(x))
    x = fit_poses(model, problem.position_m, precision, x, pull, steps=ALONE_STEPS)
    cost = squares(x, every)

    def tried_from(start: FloatArray) -> None:
        other = fit_poses(model, problem.position_m, precision, start, pull, steps=ALONE_STEPS)
        found = squares(other, every)
        better = found < cost
        x[better], cost[better] = other[better], found[better]

    tried_from(_search(problem, every))
    limbs = np.concatenate([*parts_of(model).limb_columns, np.zeros(0, int)])
    for guess in limb_guesses(model):
        tried_from(np.where(np.isin(np.arange(x.shape[1]), limbs), guess, x))
    for _ in range(REPAIRS):  # frames settle in different minima: each is tried from those beside it
        before = cost.copy()
        for shift in (1, -1):
            tried_from(x[np.clip(every - shift, 0, len(x) - 1)])
        if np.all(cost > before * (1 - SETTLED)):
            break
    held = np.where(pinned, posture.spread**-2.0 * FIRST_NOISE_M**2, 0.0)
    sd, _ = frame_uncertainty(model, x, problem.position_m, problem.weight, natural_posture(model, {}).spread, held)
    return continued(model, x), sd
