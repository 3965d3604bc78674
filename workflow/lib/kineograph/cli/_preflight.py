"""All that can be known to be wrong before a run, in one list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kineograph.cli._findings import Finding
from kineograph.cli._front_arguments import COSTS, REPOSITORY
from kineograph.cli._preflight_setup import setup_findings
from kineograph.cli._preflight_trials import Recordings
from kineograph.errors import Mistakes
from kineograph.front.costs import read_costs
from kineograph.planning.augmentation import AugmentationPlan
from kineograph.planning.plan import Plan
from kineograph.provenance.records import without_record

Frames = dict[tuple[str, str, str], int]
"""The number of frames of each camera (session, trial, camera) that could be told."""


def preflight(config: dict[str, Any], where: str, *, elsewhere: bool) -> tuple[Plan, list[Finding], Frames]:
    """The plan of what is usable, everything that was found, and the number of frames of each camera.

    Parameters
    ----------
    config : dict
        The configuration.
    where : str
        Where it was read, for messages.
    elsewhere : bool
        Whether jobs run on other computers.
    """
    mistakes = Mistakes()
    plan = Plan(config, REPOSITORY, where, mistakes)
    AugmentationPlan(plan, mistakes)
    findings = [Finding.of_error(error, "stops") for error in mistakes.found]
    recordings = Recordings(plan)
    findings += recordings.findings()
    findings += setup_findings(plan, recordings.frames, elsewhere=elsewhere, costs=read_costs(COSTS))
    lost = without_record(plan.each_trial("points3d", "motion"), Path.cwd())
    if lost:
        findings.append(
            Finding(
                "warning",
                f"Snakemake has no record of how {len(lost)} existing results were made, such as {lost[0]}",
                "expected their records in .snakemake/metadata; found none",
                "edits of settings or code will not rerun them: make them again with --forceall",
            )
        )
    return plan, findings, recordings.frames
