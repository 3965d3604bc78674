"""Refining a participant's model with the markers of its trials, for the verb `scale`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from kineograph.cli._generic_model import GenericModel
from kineograph.cli._marker_variances import variances_of
from kineograph.io.trc import read_trc
from kineograph.model.report import StageReport
from kineograph.model.shapes import FloatArray
from kineograph.stages.coordinate_tasks import task_spreads
from kineograph.stages.refine_model import FEWEST_FRAMES, Group, refine
from kineograph.stages.refinement_frames import ObservedMarkers, choose_frames
from kineograph.stages.refinement_report import is_taken, with_refinement, without_refinement
from kineograph.stages.scale import ScaleSettings, Scaling


def refined(
    args: argparse.Namespace,
    settings: ScaleSettings,
    generic: GenericModel,
    groups: tuple[Group, ...],
    scaling: Scaling,
    report: StageReport,
) -> tuple[dict[str, FloatArray], dict[str, FloatArray], StageReport]:
    """The factors of each body, the markers' shifts (m), and the report, refined as far as that is possible.

    Parameters
    ----------
    args : Namespace
        Of the verb `scale`.
    generic : GenericModel
        With the set-up's markers.
    groups
        Which factors are one.
    scaling, report
        Pair scaling's.
    """
    tree, tasks = generic.tree, generic.tasks
    if tree is None:
        why = f"the model has {generic.lacks}"
        return scaling.factors, {}, without_refinement(report, why, "set scaling.refine to none, or take another model")
    wanted = [name for name in tree.markers if tasks.markers.get(name, 0) > 0]
    trials = [_observed(path, points, args.participant) for path, points in zip(args.markers, args.points, strict=True)]
    frames = choose_frames(trials, wanted)
    if len(frames.number) < FEWEST_FRAMES or not scaling.factors:
        why = f"{len(frames.number)} frames show all of the participant's markers well enough (wanted: {FEWEST_FRAMES})"
        return scaling.factors, {}, without_refinement(report, why, "add trials, or set scaling.refine to none")
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
