"""Joint angles of known movements of an OpenSim model, filmed by cameras: what each tool makes of the same keypoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from comparison import kineograph_workflow, pose2sim
from comparison.scenes import FPS_HZ, skeleton
from comparison.trial_files import SESSION, TRIAL, TrialFiles, write_trial
from kineograph.io.motion import read_table
from kineograph.io.trc import WORLD_AXES_OF_TRC
from kineograph.layout import Layout
from synthetic.motions import MOTIONS
from synthetic.opensim_motion import LEGS, PERSON, markers_of
from synthetic.scene import Faults, film, ring

SECONDS = 4.0
CAMERAS = 8
FAULTS = Faults(noise_px=1.5, outliers=0.05)
SEEDS = (101,)
"""Seeds that no method was tuned on."""
MODEL = "Model_Pose2Sim_simple.osim"
ANGLES = tuple(f"{angle}_{side}" for angle in LEGS for side in "rl")

Person = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class AngleResult:
    """What a tool made of a movement.

    Attributes
    ----------
    tool : str
        Its name in the table.
    rms_deg : float
        Mean over the leg angles of their root mean square errors in the frames that the tool solved; NaN where it broke off.
    worst_deg : float
        The largest error of a leg angle.
    frames : int
        Frames solved.
    cpu_s : float
        CPU seconds of all its processes.
    error : str
        Why it broke off; empty where it did not.
    """

    tool: str
    rms_deg: float
    worst_deg: float
    frames: int
    cpu_s: float
    error: str = ""


def tools() -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """The variants of Pose2Sim, by its settings, and of ours, by their configuration.

    Pose2Sim has its simple model, with which the movements were made: its default model with muscles takes ten times as long.
    """
    simple = {"use_simple_model": True}
    theirs: dict[str, dict[str, Any]] = {
        pose2sim.TOOL: {"kinematics": simple | {"use_augmentation": False}},
        f"{pose2sim.TOOL}, augmented": {"kinematics": simple | {"use_augmentation": True}},
    }
    ours: dict[str, dict[str, Any]] = {
        kineograph_workflow.TOOL: {},
        f"{kineograph_workflow.TOOL}, opensim": {"kinematics": {"solver": "opensim"}},
    }
    return theirs, ours


def compare(python: Path, work: Path, setup: Path, motion: str, seed: int) -> list[AngleResult]:
    """All variants on one movement.

    Parameters
    ----------
    python : Path
        Pose2Sim's Python.
    work : Path
        The movement's folder.
    setup : Path
        OpenSim's models and set-up files.
    motion : str
        A name in `synthetic.motions.MOTIONS`.
    seed : int
        Of the movement's variation and the cameras' noise.
    """
    person, truth = filmed(setup, motion, seed)
    rig = ring(CAMERAS, radius_m=5.0)
    keypoints = film(rig, skeleton(), [person], seconds=SECONDS, fps_hz=FPS_HZ, faults=FAULTS, seed=seed)
    files = write_trial(work, rig, keypoints)
    theirs, ours = tools()
    return [_theirs(python, files, tool, settings, truth) for tool, settings in theirs.items()] + [
        _ours(files, tool, changes, truth) for tool, changes in ours.items()
    ]


def filmed(setup: Path, motion: str, seed: int) -> tuple[Person, Callable[[np.ndarray], dict[str, np.ndarray]]]:
    """A person who moves so, in world axes and about the origin, and the true coordinates, both as functions of time."""
    card = skeleton()
    assert card.opensim is not None

    def coordinates(time_s: np.ndarray) -> dict[str, np.ndarray]:
        return MOTIONS[motion](time_s, np.random.default_rng(seed))

    dense_s = np.arange(-30, round(SECONDS * FPS_HZ) + 30) / FPS_HZ
    names, places = markers_of(setup / MODEL, setup / card.opensim.markers, coordinates(dense_s), PERSON)
    world = places[..., np.argsort(WORLD_AXES_OF_TRC)]
    middle = np.nanmean(world, axis=(0, 1))
    world = world - [middle[0], middle[1], 0]
    track = np.full((len(dense_s), len(card.keypoints), 3), np.nan)
    for index, name in enumerate(card.keypoints):
        if name in names:
            track[:, index] = world[:, names.index(name)]

    def person(time_s: np.ndarray) -> np.ndarray:
        flat = track.reshape(len(dense_s), -1)
        return np.stack([np.interp(time_s, dense_s, column) for column in flat.T], axis=1).reshape(len(time_s), -1, 3)

    return person, coordinates


def _theirs(
    python: Path, files: TrialFiles, tool: str, settings: dict[str, Any], truth: Callable[..., dict[str, np.ndarray]]
) -> AngleResult:
    augmented = ["markerAugmentation"] if settings["kinematics"]["use_augmentation"] else []
    stages = [*pose2sim.STAGES, *augmented, "kinematics"]
    result = pose2sim.run_pose2sim(python, files, tool=tool, settings=settings, stages=stages)
    made = sorted((pose2sim.folder_of(files, tool) / "kinematics").glob("*.mot"))
    return _judged(tool, made, truth, result.total_cpu_s, result.error)


def _ours(
    files: TrialFiles, tool: str, changes: dict[str, Any], truth: Callable[..., dict[str, np.ndarray]]
) -> AngleResult:
    result = kineograph_workflow.run_kineograph(files, tool=tool, changes=changes, kinds=("motion",))
    layout = Layout(str(kineograph_workflow.folder_of(files, tool) / "results"))
    made = [Path(layout.path("motion", session=SESSION, trial=TRIAL, participant=files.participants[0]))]
    return _judged(tool, made, truth, result.total_cpu_s, result.error)


def _judged(
    tool: str, made: Sequence[Path], truth: Callable[..., dict[str, np.ndarray]], cpu_s: float, error: str
) -> AngleResult:
    if not made or not made[0].exists() or error:
        return AngleResult(tool, np.nan, np.nan, 0, cpu_s, error or "no .mot file")
    names, rows, _ = read_table(made[0])
    known = truth(rows[:, 0])
    wrong = np.stack([rows[:, names.index(name)] - np.degrees(known[name]) for name in ANGLES], axis=1)
    rms = np.sqrt(np.mean(wrong**2, axis=0))
    return AngleResult(tool, float(rms.mean()), float(np.abs(wrong).max()), len(rows), cpu_s)
