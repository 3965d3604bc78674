"""Sweeps: what a choice does not touch is done once, and an edit reruns what it makes stale in all variants and nothing else."""

from __future__ import annotations

import csv
from collections import Counter

import pytest
import yaml

from workflow.conftest import Project
from workflow.test_reruns import CAMERAS, TRIALS, code, setting

NINE = "filtering.cutoff_hz=9"
SWEEP = Counter(["sweep"])


def configured(project: Project, **sweep: object) -> Project:
    setting_of = project.root / "config.yaml"
    config = yaml.safe_load(setting_of.read_text())
    config["sweep"] = sweep
    setting_of.write_text(yaml.safe_dump(config))
    return project


def jobs(variant: str, *kinds: str) -> Counter:
    """Jobs of these kinds in a variant of all trials; in the trials as they are where `variant` is empty."""
    first = f"{variant}/" if variant else ""
    people = {"scale": [f"scale[{first}P1]"]}
    in_trial = {"export_trc": "/P1", "solve_kinematics": "/P1"}
    return Counter(
        job
        for kind in kinds
        for job in people.get(kind, [f"{kind}[{first}{trial}{in_trial.get(kind, '')}]" for trial in TRIALS])
    )


FROM_POINTS = ("smooth", "export_trc", "scale", "solve_kinematics")


def planned(project: Project) -> Counter:
    """The jobs that `snakemake sweep` would do."""
    outcome = project.snakemake("--dry-run", "sweep")
    assert outcome.code == 0, outcome.text
    return outcome.jobs


@pytest.fixture(scope="module")
def swept(finished, tmp_path_factory) -> Project:
    """The finished study with one other cutoff tried; the study's own is among the values."""
    project = configured(finished.copy(tmp_path_factory.mktemp("swept") / "project"), **{"filtering.cutoff_hz": [6, 9]})
    assert planned(project) == jobs(NINE, *FROM_POINTS) + SWEEP
    outcome = project.snakemake("sweep")
    assert outcome.code == 0, outcome.text
    assert outcome.jobs == jobs(NINE, *FROM_POINTS) + SWEEP
    return project


def test_the_table_tells_how_each_coordinate_depends_on_the_choice(swept):
    with (swept.root / "results" / "sweep" / "table.csv").open() as file:
        rows = list(csv.DictReader(file))
    knees = {(row["trial"], row["value"]): row for row in rows if row["coordinate"] == "knee_angle_r"}
    assert {value for _, value in knees} == {"as it is", "6", "9"}
    for trial in TRIALS:
        assert float(knees[trial, "6"]["rms_difference"]) == 0
        assert 0 < float(knees[trial, "9"]["rms_difference"]) <= float(knees[trial, "9"]["largest_difference"])
    assert {row["session"] for row in rows} == {"S1"}
    page = (swept.root / "results" / "sweep" / "index.html").read_text()
    assert "filtering.cutoff_hz" in page
    assert "S1 / T1: P1" in page


def test_a_finished_sweep_has_nothing_to_do_and_the_dataset_does_not_know_it(swept):
    assert planned(swept) == Counter()
    assert swept.plan() == Counter()
    assert not [job for job in swept.plan("--forceall") if NINE in job or job == "sweep"]


EDITS = {
    "one more value": (setting("sweep", "filtering.cutoff_hz", [6, 9, 12]), jobs("filtering.cutoff_hz=12", *FROM_POINTS)),
    "a value less": (setting("sweep", "filtering.cutoff_hz", [6]), Counter()),
    "the coordinates that are shown": (setting("sweep", "coordinates", ["knee_angle_r"]), Counter()),
    "another key of the section": (
        setting("filtering", "reject_outliers", False), jobs("", *FROM_POINTS) + jobs(NINE, *FROM_POINTS)
    ),
    "the key itself, in the study as it is": (
        setting("filtering", "cutoff_hz", 7),
        jobs("", *FROM_POINTS) + jobs("filtering.cutoff_hz=6", *FROM_POINTS),
    ),
    "an earlier section": (
        setting("triangulation", "max_error_px", 20),
        jobs("", "triangulate", *FROM_POINTS) + jobs(NINE, *FROM_POINTS),
    ),
    "a later section": (
        setting("kinematics", "accuracy", 1e-4), jobs("", "solve_kinematics") + jobs(NINE, "solve_kinematics")
    ),
    "code of the comparison": (code("stages/sweep.py"), Counter()),
    "the page's template": (code("pages/sweep/page.html", "<!-- edited -->\n"), Counter()),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_reruns_what_it_makes_stale_in_all_variants(edit, swept, tmp_path):
    change, stale = EDITS[edit]
    project = swept.copy(tmp_path / "project")
    change(project.root)
    assert planned(project) == stale + SWEEP


def test_leaving_out_each_camera_triangulates_anew_and_shares_the_keypoints(finished, tmp_path):
    project = configured(finished.copy(tmp_path / "project"), leave_one_camera_out=True)
    kinds = ("triangulate", "assess_quality", *FROM_POINTS)
    expected = sum((jobs(f"triangulation.without_cameras={camera}", *kinds) for camera in CAMERAS), Counter())
    assert planned(project) == expected + SWEEP


def test_a_choice_before_the_calibrations_refinement_refines_each_variant(finished, tmp_path):
    project = configured(finished.copy(tmp_path / "project"), **{"association.max_gap_s": [2.0]})
    setting("calibration", "refine", True)(project.root)
    variant = "association.max_gap_s=2"
    own = jobs(variant, "associate", "triangulate", *FROM_POINTS) + Counter([f"refine_calibration[{variant}/session]"])
    base = jobs("", "triangulate", *FROM_POINTS) + Counter(["refine_calibration[session]"])
    outcome = project.snakemake("--dry-run", "sweep", "--printshellcmds")
    assert outcome.jobs == own + base + SWEEP
    assert '"keypoints":"S1"' in outcome.text
