"""Refine a calibration on the people that the session's trials show, where held-out frames agree that it is better."""

from __future__ import annotations

import argparse

from kineograph.calibration_formats import toml
from kineograph.cli._common_arguments import add_result, add_settings
from kineograph.cli._rig_result import save_rig
from kineograph.cli._session_sightings import add_session, read_sightings
from kineograph.errors import KineographError
from kineograph.geometry.nominal_pixels import as_filmed
from kineograph.model.report import StageReport
from kineograph.model.sightings import join
from kineograph.settings.text import from_json
from kineograph.stages.refine_calibration import STAGE, RefineSettings, refine


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_session(parser)
    add_settings(parser)
    add_result(parser)


def run(args: argparse.Namespace) -> StageReport:
    """Refine."""
    settings = from_json(RefineSettings, args.settings)
    frames = max(2, settings.refine_max_frames // max(len(args.trials), 1))  # one to adjust by, one to judge by
    rig, parts = read_sightings(args, min_confidence=settings.refine_min_confidence, frames_a_trial=frames)
    refined, report = refine(rig, join(rig.names, parts), settings)
    return save_rig(args, as_filmed(refined, toml.read(args.calibration)), report)


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Keep the given calibration."""
    save_rig(args, toml.read(args.calibration), StageReport(STAGE, error=error.record()))
