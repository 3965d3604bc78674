"""All that can be known to be wrong before a run, in one list."""

from __future__ import annotations

from pathlib import Path

from kineograph.cli._findings import Finding
from kineograph.cli._front_arguments import COSTS, REPOSITORY, Given
from kineograph.cli._preflight_settings import settings_findings
from kineograph.cli._preflight_setup import setup_findings
from kineograph.cli._preflight_trials import Recordings
from kineograph.errors import Mistakes
from kineograph.front.costs import read_costs
from kineograph.front.profile import runs_elsewhere
from kineograph.planning.augmentation import AugmentationPlan
from kineograph.planning.plan import Plan
from kineograph.provenance.records import without_record

Frames = dict[tuple[str, str, str], int]
"""The number of frames of each camera (session, trial, camera) that could be told."""


def preflight(given: Given) -> tuple[Plan, list[Finding], Frames]:
    """The plan of what is usable, everything that was found, and the number of frames of each camera."""
    mistakes = Mistakes()
    plan = Plan(given.config, REPOSITORY, str(given.path), mistakes)
    AugmentationPlan(plan, mistakes)
    findings = [Finding.of_error(error, "stops") for error in mistakes.found]
    recordings = Recordings(plan)
    findings += recordings.findings()
    findings += settings_findings(plan, recordings.rates_hz)
    elsewhere = runs_elsewhere(given.profile)
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
