"""The files of docs/adding-one-file.md, taken from the page, put into a copy of the library, and used."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib

import numpy as np
import pytest

from docs.pages import REPOSITORY, blocks
from kineograph.catalog.models import read_model_card
from kineograph.io.skeletons import read_skeleton
from synthetic.study import copy_project

PAGE = "docs/adding-one-file.md"
FILES = {
    block.comment.removeprefix("file: "): block.text for block in blocks(PAGE) if block.comment.startswith("file: ")
}
EXAMPLES = {
    block.comment.removeprefix("example: "): block.text
    for block in blocks(PAGE)
    if block.comment.startswith("example: ")
}

IN_THE_COPY = """
import sys
from pathlib import Path

import numpy as np

import kineograph
from kineograph.cli._any_calibration import read_calibration
from kineograph.cli._any_keypoints import read_keypoints
from kineograph.dataset.keypoint_files import find_keypoint_files
from kineograph.settings.configuration import Configuration
from kineograph.signal.filters._apply import filter_series

root = Path(sys.argv[1])
assert Path(kineograph.__file__).is_relative_to(root)

schema = root / "workflow/schemas/config.schema.yaml"
config = Configuration({"dataset": "d", "filtering": {"method": "three_frames", "passes": 4}}, schema)
assert config.section("filtering", session="S", trial="T")["passes"] == 4
try:
    Configuration({"dataset": "d", "filtering": {"method": "three_frames", "passes": 0}}, schema)
    raise SystemExit("a value out of range was taken")
except kineograph.errors.ConfigError:
    pass
noisy = np.random.default_rng(0).normal(size=(200, 3))
noisy[50:53] = np.nan
smooth = filter_series(noisy, 60.0, "three_frames", {"passes": 4})
assert np.isnan(smooth[50:53]).all() and np.isfinite(smooth[:50]).all() and np.nanstd(smooth) < 0.7 * np.nanstd(noisy)

rig, name = read_calibration(root / "example/calibration", "auto", {})
assert name == "plain" and rig.names == ("cam01", "cam02") and rig["cam01"].size_px == (1280, 720)
assert np.allclose(rig["cam01"].translation_m, (0, 1.2, 4))

(found,) = find_keypoint_files(root / "example/keypoints")
assert (found.name, found.kind) == ("cam01", "long_table"), found
keypoints, reasons = read_keypoints(root / "example/keypoints/cam01.keypoints.csv", "long_table", "cam01", "coco17", 60.0)
assert keypoints.position_px.shape == (2, 1, 17, 2) and np.nansum(keypoints.position_px[0, 0, 11]) == 712.5
assert any("lacks 15 of 17" in reason.text for reason in reasons)

from kineograph.planning.projects import find_project

project = find_project(root / "example/project")
assert project is not None and project.title == "list of videos"
assert [(row["trial"], row["videos"]) for row in project.trials] == [
    ("walk_01", "walking/first"), ("walk_02", "walking/second")
]
assert project.participants == ({"participant": "P1", "height_m": "1.72"},)
assert [note.key for note in project.notes if note.outcome == "unknown"] == ["camera_brand"]
(root / "example/project/videos.json").write_text("[]")
try:
    find_project(root / "example/project")
    raise SystemExit("a list without trials was taken")
except kineograph.errors.InputError:
    pass

from kineograph.exports import ranges
from kineograph.exports._subject import Subject
from kineograph.io.npz import write_npz
from kineograph.model.coordinates import Coordinates

Configuration({"dataset": "d", "exports": ["ranges"]}, schema)
angles = Coordinates(("knee",), np.radians([[10.0], [60.0], [np.nan]]), np.array([True]), np.array([0.0, 0.1, 0.2]))
write_npz(root / "example/P1.npz", angles)
subject = Subject("S", "T", ("P1",), {"coordinates": (root / "example/P1.npz",)}, None)
ranges.write((root / "example/P1.ranges.tsv",), subject)
assert (root / "example/P1.ranges.tsv").read_text().split() == ["coordinate", "lowest", "highest", "knee", "10", "60"]
"""


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A copy of the project with the page's files in it."""
    root = copy_project(tmp_path_factory.mktemp("examples"))
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        assert not (root / name).exists(), f"{name} is there already"
        (root / name).write_text(text)
    for place, example in (
        ("calibration/room.plain.txt", "plain.py"),
        ("keypoints/cam01.keypoints.csv", "long_table.py"),
        ("project/videos.json", "video_list.py"),
    ):
        (root / "example" / place).parent.mkdir(parents=True, exist_ok=True)
        (root / "example" / place).write_text(EXAMPLES[example])
    return root


def test_the_page_has_an_example_of_each_kind():
    folders = {name.rsplit("/", 1)[0].rsplit("/", 1)[-1] for name in FILES}
    assert folders == {
        "filters", "calibration_formats", "keypoint_formats", "exports", "project_formats", "cards", "skeletons"
    }  # fmt: skip
    assert set(EXAMPLES) == {"plain.py", "long_table.py", "video_list.py"}


def test_the_python_files_are_registered_and_work(extended):
    environment = {**os.environ, "PYTHONPATH": str(extended / "workflow" / "lib")}
    command = [sys.executable, "-c", IN_THE_COPY, str(extended)]
    done = subprocess.run(command, env=environment, cwd=extended, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_filter_keeps_the_promises_that_all_filters_are_held_to(extended):
    """The tests over the registry, on the copy; without the list of the filters that the program ships."""
    environment = {**os.environ, "PYTHONPATH": f"{extended / 'workflow' / 'lib'}{os.pathsep}{REPOSITORY / 'tests'}"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "pythonpath=", "--confcutdir", str(extended),
               "--rootdir", str(extended), "-k", "TestEveryFilter and three_frames"]  # fmt: skip
    tests = extended / "tests"
    tests.mkdir()
    (tests / "test_filters.py").write_text((REPOSITORY / "tests" / "unit" / "test_filters.py").read_text())
    done = subprocess.run(
        [*command, str(tests)], env=environment, cwd=extended, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"[3-9] passed|\d\d passed", done.stdout)


def test_the_cards_are_read(extended):
    card = read_model_card(str(extended / "cards" / "mine.toml"), extended / "resources" / "models")
    assert (card.decoder, card.skeleton, card.detector) == ("simcc", "halpe26", "yolox_m")
    skeleton = read_skeleton(extended / "resources" / "skeletons" / "legs7.toml")
    assert skeleton.limbs() and skeleton.opensim is None
    assert tomllib.loads(FILES["resources/skeletons/legs7.toml"])["name"] == "legs7"
    assert np.isin(skeleton.tracking, skeleton.keypoints).all()
