"""A calibration as a verb's result: the file with its cameras, and the report; without cameras where the verb gives up."""

from __future__ import annotations

import argparse

from kineograph.calibration_formats import toml
from kineograph.cli._common_arguments import save_report
from kineograph.errors import KineographError
from kineograph.model.camera import Rig
from kineograph.model.report import StageReport


def save_rig(args: argparse.Namespace, rig: Rig, report: StageReport) -> StageReport:
    """Write both, and return the report."""
    toml.write(args.out, rig)
    save_report(args, report)
    return report


def save_error(args: argparse.Namespace, stage: str, error: KineographError) -> None:
    """Write a calibration without cameras, and the error as the stage's verdict."""
    save_rig(args, Rig(()), StageReport(stage, error=error.record()))
