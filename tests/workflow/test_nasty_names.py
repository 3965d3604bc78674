"""The nastiest names that are allowed, through the whole workflow and onto its pages; all others are one clear error."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
import yaml

from kineograph.calibration_formats import toml
from kineograph.io.npz import read_npz
from kineograph.keypoint_formats import openpose
from kineograph.model.camera import Rig
from kineograph.model.points import Points3D
from synthetic.scene import film, walker
from synthetic.study import FPS_HZ, copy_project, halpe26, rig
from workflow.conftest import EVERYTHING, Project

SESSION = "007"
TRIAL = "1e5-.report"
CAMERAS = ("null", "x" * 96 + "-.+_")
PERSON = "pose"
FRAMES = 12
"""A number with zeros before it, one with an exponent, nothing in YAML, the longest name, and words of our own paths."""


def write_named(root, session=SESSION, trial=TRIAL, cameras=CAMERAS, people=(PERSON,)):
    """A study of two cameras and one walker with these names, in a copy of the workflow."""
    copy_project(root)
    session_folder = root / "data" / session
    names = dict(zip(rig(2).names, cameras, strict=True))
    for item in film(rig(2), halpe26(), [walker(halpe26())], seconds=FRAMES / FPS_HZ, fps_hz=FPS_HZ):
        openpose.write(session_folder / trial / "keypoints" / f"{names[item.camera]}_json", item)
    (session_folder / "calibration").mkdir(parents=True)
    cameras_named = tuple(replace(camera, name=names[camera.name]) for camera in rig(2).cameras)
    toml.write(session_folder / "calibration" / "calibration.toml", Rig(cameras_named, source="synthetic"))
    rows = "".join(f"{person}\t1.75\t70\n" for person in people)
    (root / "data" / "participants.tsv").write_text(f"participant\theight_m\tmass_kg\n{rows}")
    (root / "data" / "trials.tsv").write_text(f"session\ttrial\tparticipants\n{session}\t{trial}\t{','.join(people)}\n")
    overrides = [{"match": {"trial": trial}, "set": {"filtering": {"cutoff_hz": 7}}}]
    config = {"dataset": "data", "inputs": {"fps_hz": FPS_HZ}, "overrides": overrides}
    (root / "config.yaml").write_text(yaml.safe_dump(config | {"pose": {"keypoint_skeleton": "halpe26"}}))
    return Project(root)


@pytest.fixture(scope="module")
def named(tmp_path_factory, opensim_ready) -> Project:
    """Such a study, run to the end."""
    project = write_named(tmp_path_factory.mktemp("named") / "project")
    outcome = project.snakemake(*EVERYTHING)
    assert outcome.code == 0, outcome.text
    return project


@pytest.mark.slow
class TestAllowedNames:
    """All of this file: 16 CPU s, of which the run takes about 12."""

    def test_every_stage_has_its_results(self, named):
        trial = named.root / "results" / SESSION / TRIAL
        assert read_npz(trial / "filtering" / "points3d.npz", Points3D).participants == (PERSON,)
        assert len((trial / "kinematics" / f"{PERSON}.mot").read_text().splitlines()) == 7 + FRAMES
        assert (named.root / "results" / "report" / "checked.txt").exists()
        assert (trial / "report" / "plots" / f"angles_{PERSON}.svg").exists()
        smoothing = json.loads((trial / "filtering" / "filtering.json").read_text())
        assert smoothing["made_with"]["settings"]["cutoff_hz"] == 7
        assert {path.stem for path in (trial / "pose").glob("*.npz")} == set(CAMERAS)

    def test_pages_name_them_and_their_links_lead_somewhere(self, named):
        results = named.root / "results"
        pages = [results / "report" / "index.html", results / SESSION / TRIAL / "report" / "index.html"]
        for page, names in zip(pages, ((SESSION, TRIAL, PERSON), (SESSION, TRIAL, PERSON, *CAMERAS)), strict=True):
            text = page.read_text()
            data = re.search(r'<script[^>]* id="data"[^>]*>(.*?)</script>', text, re.S)
            assert data is not None
            assert all(name in text for name in names)
            links = [link for link in _texts(json.loads(data[1])) if re.fullmatch(r"(\.\./)+\S+", link)]
            assert all((page.parent / link).exists() for link in links)
        assert (results / "report" / "summary.tsv").read_text().splitlines()[1].startswith(f"{SESSION}\t{TRIAL}\t")

    def test_nothing_is_left_to_do(self, named):
        assert not named.plan()


@pytest.mark.parametrize("people", [("P1", "P1_bodies"), ("scaling", "session")])
def test_words_of_our_own_paths_are_no_other_files(people, tmp_path, opensim_ready):
    """A participant P1_bodies had the file of the bodies of P1."""
    project = write_named(tmp_path / "project", session="kinematics", trial="session", people=people)
    jobs = project.plan()
    assert {f"solve_kinematics[session/{person}]" for person in people} <= set(jobs)


@pytest.mark.parametrize(
    ("names", "found", "places"),
    [
        ({"session": "Day 1"}, "session", 1),
        ({"trial": "a;b"}, "trial", 1),
        ({"cameras": ("cam<1>", "cam2")}, "camera", 1),
        ({"people": ("$(date)",)}, "participant", 2),
        ({"cameras": ("x" * 101, "cam2")}, "camera", 1),
    ],
)
def test_other_names_are_refused_with_one_error(names, found, places, tmp_path, opensim_ready):
    """One for each place where it stands: a participant's name is in two sheets."""
    outcome = write_named(tmp_path / "project", **names).snakemake("--dry-run")
    assert outcome.code != 0
    assert "Traceback" not in outcome.text
    errors = [line for line in outcome.text.splitlines() if line.startswith("kineograph: ")]
    assert len(set(errors)) == len(errors) == places
    assert all(found in error for error in errors)
    assert outcome.text.count("\n  to do: rename the ") == places


def _texts(value: object) -> list[str]:
    """All texts in a page's data."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    return [text for item in value for text in _texts(item)] if isinstance(value, list) else []
