"""Exports and projects in the workflow: made once, made again only where they are stale, reachable by their paths."""

from __future__ import annotations

from collections import Counter

import pytest
import yaml

from kineograph.calibration_formats import toml
from synthetic.study import copy_project, rig, write_keypoints
from workflow.conftest import Project
from workflow.test_reruns import NOTHING, code, stale_after

PEOPLE = Counter({"export_person[T1/P1]": 1, "export_person[T2/P1]": 1})
TRIALS = Counter({"export_trial[T1]": 1, "export_trial[T2]": 1})


def configured(**values):
    """An edit of the configuration's top-level keys."""

    def edit(root):
        path = root / "config.yaml"
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | values))

    return edit


@pytest.fixture(scope="module")
def exported(finished, tmp_path_factory) -> Project:
    """The finished study with a format a person and one a trial."""
    project = finished.copy(tmp_path_factory.mktemp("exported") / "project")
    configured(exports=["csv", "openpose"])(project.root)
    outcome = project.snakemake()
    assert outcome.code == 0, outcome.text
    assert outcome.jobs - Counter(["all"]) == PEOPLE + TRIALS
    return project


EDITS = {
    "another format": (configured(exports=["csv", "sto", "openpose"]), PEOPLE),
    "the points": (configured(filtering={"cutoff_hz": 9}), stale_after("smooth") + PEOPLE),
    "a format's code": (code("exports/csv.py"), PEOPLE),
    "the code of a format that nobody asked for": (code("exports/c3d.py"), NOTHING),
    "how archives are made": (configured(sharing={"anonymous": True}), NOTHING),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_reruns_the_exports_that_it_makes_stale(edit, exported, tmp_path):
    change, expected = EDITS[edit]
    project = exported.copy(tmp_path / "project")
    change(project.root)
    assert project.plan() == expected


def test_every_other_format_is_made_by_its_path(finished, tmp_path):
    """And the archive; nothing else is done for them."""
    project = finished.copy(tmp_path / "project")
    paths = ["T1/exports/P1.glb", "T2/exports/movement.nc", "participants/P1/share.zip"]
    outcome = project.snakemake(*(f"results/S1/{path}" for path in paths))
    assert outcome.code == 0, outcome.text
    assert outcome.jobs == Counter(["export_glb[T1/P1]", "export_movement[T2]", "share[P1]"])
    assert all((project.root / "results" / "S1" / path).stat().st_size > 1000 for path in paths)
    assert not (project.root / "results" / "S1" / "T1" / "exports" / "P1.bvh").exists()


def test_a_project_of_pose2sim_runs_as_it_is(tmp_path, opensim_ready):
    """Keypoints to points in space, and what was understood; its folder's name has a space."""
    copy_project(tmp_path)
    folder = tmp_path / "My study"
    write_keypoints(folder / "pose", phase=0.3)
    (folder / "calibration").mkdir()
    toml.write(folder / "calibration" / "Calib_scene.toml", rig())
    text = "[project]\nframe_rate = 60\n[pose]\npose_model = 'Body_with_feet'\n[triangulation]\nwobble = 1\n"
    (folder / "Config.toml").write_text(text)
    (tmp_path / "config.yaml").write_text("dataset: My study\nsynchronization: {method: none}\n")
    outcome = Project(tmp_path).snakemake("results/My_study/My_study/triangulation/points3d.npz")
    assert outcome.code == 0, outcome.text
    assert outcome.text.count("Pose2Sim project, 1 trials") == 1  # not once a job
    assert "triangulation.wobble = 1" in outcome.text
    assert "triangulation.wobble = 1" in (tmp_path / "results" / "report" / "import.txt").read_text()
