"""What a check knows of settings that can't work with the dataset: said before a job, with where, what and what to do."""

from __future__ import annotations

import copy
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from kineograph.catalog.assets import read_catalogue
from kineograph.catalog.models import read_model_card
from kineograph.cli._common_arguments import RESOURCES
from kineograph.cli._front_arguments import REPOSITORY, Given
from kineograph.cli._own_command import own_command
from kineograph.cli._preflight import preflight
from kineograph.cli.fetch import _asset_of
from kineograph.errors import InputError
from synthetic.study import write_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study of two people in one trial of two cameras at 60 Hz, of keypoints."""
    root = tmp_path_factory.mktemp("study")
    config = write_study(root, trials=("T1",), cameras=2)
    rows = "session\ttrial\tparticipants\tkeypoints\nS1\tT1\tP1,P2\tS1/T1/keypoints\n"
    (root / "data" / "trials.tsv").write_text(rows)
    (root / "data" / "participants.tsv").write_text("participant\theight_m\nP1\t1.75\nP2\t1.80\n")
    return root, yaml.safe_load(config.read_text())


@pytest.fixture
def check(study, monkeypatch):
    root, settings = study
    monkeypatch.chdir(root)

    def found(**changes):
        config = copy.deepcopy(settings)
        for key, value in changes.items():
            config[key] = {**config.get(key, {}), **value}
        _, findings, _ = preflight(given(config))
        return [item for item in findings if item.severity in ("stops", "error", "warning")]

    return found


def given(config):
    """A configuration, to be run on other computers."""
    return Given(config, Path("config.yaml"), (), REPOSITORY / "profiles" / "slurm")


def whole(finding):
    return f"{finding.trial}: {finding.text} | {finding.facts} | {finding.hint}"


def test_a_study_without_mistakes(check):
    assert [item for item in check() if item.severity != "warning"] == []


PEOPLE = {"method": "people", "intrinsics": "file"}
CASES = {
    "a filter above half the frame rate": (
        {"filtering": {"method": "butterworth", "cutoff_hz": 30}},
        "S1/T1: the cut-off frequency of the filter is too high (filtering.cutoff_hz) | "
        "expected cutoff_hz below half the frame rate, 30 Hz; found 30 Hz | lower it",
    ),
    "a filter of joint angles": (
        {"kinematics": {"filter": "butterworth", "cutoff_hz": 35}},
        "S1/T1: the cut-off frequency of the filter is too high (kinematics.cutoff_hz)",
    ),
    "the start of somebody else": (
        {"association": {"start_m": {"Anna": [0, 0]}}},
        "S1/T1: association.start_m names Anna, who is not in the trial | expected P1, P2; found Anna",
    ),
    "a distance to no camera": (
        {"calibration": PEOPLE | {"known_distance": {"between": ["cam01", "cam09"], "length_m": 5}}},
        "S1: calibration.known_distance is not between two cameras, nor between two keypoints: cam01, cam09 | "
        "expected two of the cameras cam01, cam02, or two keypoints of halpe26; found cam09 | did you mean",
    ),
    "up in no camera": (
        {"calibration": PEOPLE | {"up": {"cam09": [0, -1, 0]}}},
        "S1: calibration.up names no camera: cam09 | expected cam01, cam02; found cam09",
    ),
    "squares of no size": (
        {"calibration": {"method": "board"}},
        "S1: the size of the board's squares is not known | expected boards.square_m",
    ),
    "a board like itself after half a turn": (
        {"calibration": {"method": "board"}, "boards": {"square_m": 0.1, "corners": [5, 7]}},
        "S1: the cameras could not agree on the board's first corner",
    ),
    "networks without their keypoints": (
        {"augmentation": {"method": "opencap_lstm"}, "pose": {"keypoint_skeleton": "blazepose"}},
        "S1/T1: augmentation.method opencap_lstm can't place its markers of the lower body | "
        "expected a skeleton with RSmallToe, LSmallToe",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_found_before_any_job(case, check):
    changes, expected = CASES[case]
    mistakes = [whole(item) for item in check(**changes) if item.severity == "error"]
    assert any(item.startswith(expected) for item in mistakes), mistakes


@pytest.mark.parametrize(
    "changes",
    [
        {"filtering": {"method": "one_euro", "cutoff_hz": 30}},
        {"filtering": {"method": "butterworth", "cutoff_hz": 29}},
        {"association": {"start_m": {"P1": [0, 0]}}},
        {"calibration": PEOPLE | {"known_distance": {"between": ["LHip", "LKnee"], "length_m": 0.4}}},
        {"calibration": PEOPLE | {"up": {"cam02": [0, -1, 0]}}},
        {"augmentation": {"method": "opencap_lstm"}},
    ],
    ids=str,
)  # fmt: skip
def test_what_works_is_no_mistake(changes, check):
    assert [whole(item) for item in check(**changes) if item.severity == "error"] == []


def test_a_scene_that_nothing_tells_the_size_of(check, monkeypatch):
    monkeypatch.setattr("kineograph.dataset.read.read_participants", lambda *_: {})
    found = [whole(item) for item in check(calibration=PEOPLE)]
    assert any("nothing tells how large the scene is" in item for item in found)


def test_two_people_with_a_detector_of_one(tmp_path, monkeypatch):
    root = tmp_path / "study"
    config = yaml.safe_load(write_study(root, trials=("T1",), source="videos", cameras=2).read_text())
    (root / "data" / "trials.tsv").write_text("session\ttrial\tparticipants\tvideos\nS1\tT1\tP1,P2\tS1/T1/videos\n")
    (root / "data" / "participants.tsv").unlink()
    videos = root / "data" / "S1" / "T1" / "videos"
    shutil.copy(videos / "cam01.mp4", videos / "cam03.insv")
    (videos / "notes.txt").write_text("a windy day")
    (videos / "cam01.lrv").write_text("a preview")
    monkeypatch.chdir(root)
    config["pose"] |= {"model": "blazepose_heavy"}
    found = [whole(item) for item in preflight(given(config))[1]]
    assert any(
        "the detector blazepose_detector of the model blazepose_heavy finds one person" in item for item in found
    )
    assert any("are not taken for videos: cam03.insv | " in item for item in found)
    config["pose"] |= {"detector": "movenet_multipose"}
    found = [whole(item) for item in preflight(given(config))[1]]
    assert not any("finds one person" in item for item in found)


@pytest.mark.parametrize("name", ["trials.csv", "Trials.tsv", "trials.tsv.txt", "participants.xlsx"])
def test_a_sheet_that_would_be_ignored(name, tmp_path, monkeypatch):
    config = yaml.safe_load(write_study(tmp_path, trials=("T1",), cameras=2).read_text())
    (tmp_path / "data" / "participants.tsv").unlink()
    (tmp_path / "data" / name).write_text("session,trial\nS1,T1\n")
    monkeypatch.chdir(tmp_path)
    found = [whole(item) for item in preflight(given(config))[1] if item.severity == "stops"]
    kind = name.partition(".")[0].lower()
    assert len(found) == 1
    assert f"the sheet data/{name} would be ignored | expected data/{kind}.tsv" in found[0]


MESSAGES = {
    "a size in millimetres": (
        {"boards": {"square_m": 60}},
        "expected number or null > 0 and <= 2 (m); found 60.0 | "
        "write it in m: 0.06 if it is in millimetres, 0.6 if it is in centimetres",
    ),
    "a place of three numbers": (
        {"association": {"start_m": {"P1": [0, 0, 0]}}},
        "expected list of 2 numbers; found [0.0, 0.0, 0.0]",
    ),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_a_value_that_can_not_be_used_is_told_apart_from_what_is_expected(case, check):
    changes, expected = MESSAGES[case]
    found = [whole(item) for item in check(**changes) if item.severity == "stops"]
    assert any(expected in item for item in found), found


@pytest.mark.parametrize(
    ("role", "suggested", "not_suggested"), [("pose", "rtmpose-m_halpe26", "rtmdet"), ("", "rtmpose-m", "")]
)
def test_a_model_of_half_a_name_is_told_the_whole_ones(role, suggested, not_suggested):
    with pytest.raises(InputError) as caught:
        read_model_card("rtmpose_m", RESOURCES / "models", role)
    assert suggested in caught.value.hint
    assert not (not_suggested and not_suggested in caught.value.hint)
    with pytest.raises(InputError) as caught:
        read_model_card("rtmdet", RESOURCES / "models", "detector")
    assert "rtmpose" not in caught.value.hint + caught.value.expected


def test_people_are_told_of_once(study, tmp_path, monkeypatch):
    """A height that is refused is not said to be missing, too; nor that of somebody whom the sheet lacks."""
    root = shutil.copytree(study[0], tmp_path / "study", symlinks=True)
    monkeypatch.chdir(root)
    sheet = root / "data" / "participants.tsv"
    sheet.write_text("participant\theight_m\nP1\t175\nP2\t1.80\n")
    found = [whole(item) for item in preflight(given(study[1]))[1]]
    assert any("write it in m: 1.75 if it is in centimetres" in item for item in found)
    assert not any("no height is given" in item for item in found)
    sheet.write_text("participant\theight_m\nP1\t1.75\np2\t1.80\n")
    found = [whole(item) for item in preflight(given(study[1]))[1]]
    assert any(
        "participant P2 is not in data/participants.tsv, where P1, p2 are | expected recordings and people" in i
        for i in found
    )
    assert not any("no height is given" in item for item in found)
    assert any("no mass is given of 1 participant(s) (P1): 22.5 kg/m^2 times" in item for item in found)


def test_a_hint_is_a_command_that_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = own_command("fetch", "--help")
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == 0, command
    assert "assets.toml" in done.stdout


def test_models_are_fetched_by_their_names_too():
    catalogue = read_catalogue(RESOURCES / "assets.toml")
    assert _asset_of("rtmpose-m_halpe26", catalogue) == "rtmpose_m_halpe26"
    assert _asset_of("opencap_lstm", catalogue) == "opencap_lstm"
    assert _asset_of("nothing", catalogue) == "nothing"
