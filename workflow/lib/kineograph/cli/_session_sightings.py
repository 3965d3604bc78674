"""Reading what all trials of a calibration saw: the arguments and the reading that refinement and health share."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.calibration_formats import toml
from kineograph.cli._common_arguments import json_argument, read_inputs, views_of
from kineograph.errors import InputError
from kineograph.geometry.nominal_pixels import nominal_rig
from kineograph.io.npz import read_npz
from kineograph.io.reports import read_report, read_synchronization
from kineograph.layout import Layout
from kineograph.model.camera import Rig
from kineograph.model.sightings import Sightings, join
from kineograph.model.tracks import PersonTracks
from kineograph.stages.sightings import sightings_of_trial


def add_session(parser: argparse.ArgumentParser) -> None:
    """Add what names the trials: their files are found by the workflow's own layout."""
    parser.add_argument("--results", required=True, metavar="FOLDER", help="the results folder")
    parser.add_argument("--session", required=True)
    parser.add_argument("--trials", type=json_argument, required=True, metavar="JSON", help="the trials' names")
    parser.add_argument(
        "--elsewhere", type=json_argument, default={}, metavar="JSON", help="kinds of files that another session has"
    )
    parser.add_argument("--calibration", type=Path, required=True, metavar="FILE", help="calibration.toml")


def read_sightings(
    args: argparse.Namespace, *, min_confidence: float, frames_a_trial: int
) -> tuple[Rig, list[Sightings]]:
    """The rig and the sightings of each trial, in nominal pixels.

    A trial that can't be used, or where nobody was found, is left out.
    """
    rig = nominal_rig(toml.read(args.calibration))
    found = []
    for trial in args.trials:
        try:
            part = _of_trial(args, rig, trial, min_confidence, frames_a_trial)
        except InputError:  # the trial's own verdict says why
            continue
        if len(part):
            found.append(part)
    return rig, found


def measured_heights(args: argparse.Namespace) -> dict[str, dict[str, float]]:
    """The participants' heights as association measured them, by trial and participant, m; of the trials that have some."""
    reports = {trial: read_report(result_path(args, "association_report", trial)) for trial in args.trials}
    found = {trial: report.came_out.get("height_by_thighs_m", {}) for trial, report in reports.items()}
    return {
        trial: {name: height for name, height in heights.items() if height is not None}
        for trial, heights in found.items()
        if heights
    }


def result_path(args: argparse.Namespace, kind: str, trial: str, **names: str) -> Path:
    """The path of a trial's file, in the session that has it."""
    session = args.elsewhere.get(kind, args.session)
    return Path(Layout(args.results).path(kind, session=session, trial=trial, **names))


def _of_trial(args: argparse.Namespace, rig: Rig, trial: str, min_confidence: float, frames: int) -> Sightings:
    def path(kind: str, **names: str) -> Path:
        return result_path(args, kind, trial, **names)

    cameras = read_inputs(path("inputs")).usable
    views = views_of(path("inputs"), args.calibration, [path("keypoints", camera=camera.name) for camera in cameras])
    clock = read_synchronization(path("synchronization"))
    if not clock.n_frames or clock.cameras != tuple(item.camera for item in views.keypoints):
        return join(rig.names, [])  # synchronization gave up
    tracks = read_npz(path("tracks"), PersonTracks)
    if tracks.cameras != clock.cameras:
        tracks = PersonTracks.of_nobody(
            tracks.participants, clock.cameras, clock.time_s, clock.fps_hz
        )  # association gave up
    return sightings_of_trial(
        trial,
        views.keypoints,
        rig,
        views.rig.names,
        clock,
        tracks,
        min_confidence=min_confidence,
        max_frames=frames,
    )
