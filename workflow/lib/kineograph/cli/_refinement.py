"""Refining a participant's model with the markers of its trials, for the verb `scale`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kineograph.cli._marker_variances import variances_of
from kineograph.errors import InputError
from kineograph.io.trc import read_trc
from kineograph.model.report import StageReport
from kineograph.model.shapes import FloatArray
from kineograph.model.skeleton import OpenSimSetup
from kineograph.stages.coordinate_tasks import task_spreads
from kineograph.stages.refine_model import FEWEST_FRAMES, factor_groups, refine
from kineograph.stages.refinement_frames import ObservedMarkers, choose_frames
from kineograph.stages.refinement_report import is_taken, with_refinement, without_refinement
from kineograph.stages.scale import ScaleSettings, Scaling

if TYPE_CHECKING:
    from kineograph.opensim.setup_files import Measurement


def refined(
    args: argparse.Namespace,
    settings: ScaleSettings,
    setup: OpenSimSetup,
    model: Any,
    measurements: tuple[Measurement, ...],
    scaling: Scaling,
    report: StageReport,
) -> tuple[dict[str, FloatArray], dict[str, FloatArray], StageReport]:
    """The factors of each body, the markers' shifts, and the report, refined as far as that is possible.

    Parameters
    ----------
    args : Namespace
        Of the verb `scale`.
    model : opensim.Model
        The generic model with the set-up's markers.
    measurements, scaling, report
        Pair scaling's.
    """
    from kineograph.opensim.kinematic_tree import read_tree
    from kineograph.opensim.model import marker_positions, write_model
    from kineograph.opensim.setup_files import read_tasks

    with tempfile.TemporaryDirectory() as folder:
        generic = Path(folder) / "generic.osim"
        write_model(model, generic)
        try:
            tree = read_tree(generic)
        except InputError as error:
            why = f"the model has {error.found}"
            return (
                scaling.factors,
                {},
                without_refinement(report, why, "set scaling.refine to none, or take another model"),
            )
    tasks = read_tasks(args.setup / setup.inverse_kinematics)
    wanted = [name for name in tree.markers if tasks.markers.get(name, 0) > 0]
    trials = [_observed(path, points, args.participant) for path, points in zip(args.markers, args.points, strict=True)]
    frames = choose_frames(trials, wanted)
    if len(frames.number) < FEWEST_FRAMES or not scaling.factors:
        why = f"{len(frames.number)} frames show all of the participant's markers well enough (wanted: {FEWEST_FRAMES})"
        return scaling.factors, {}, without_refinement(report, why, "add trials, or set scaling.refine to none")
    groups = factor_groups(measurements, scaling.factors, marker_positions(model), settings.pool_sides)
    found = refine(
        tree,
        frames,
        tasks.markers,
        task_spreads(tasks.coordinates, "weak", len(frames.names)),
        scaling.factors,
        groups,
        offsets=settings.refine == "scales_and_offsets",
    )
    told = with_refinement(report, found, [trial.trial for trial in trials], scaling.factors)
    return (found.factors, found.offset_m, told) if is_taken(found) else (scaling.factors, {}, told)


def _observed(path: Path, points: Path, participant: str) -> ObservedMarkers:
    markers = read_trc(path)
    name, frames = path.parent.parent.name, len(markers.position_m)
    if not frames:
        return ObservedMarkers(name, markers.names, markers.position_m, np.zeros((0, len(markers.names))), 1.0)
    variance = variances_of(points, participant, markers.names)
    return ObservedMarkers(name, markers.names, markers.position_m, variance, markers.fps_hz)
