"""Projects of other tools: recognised, put into our terms value by value, and nothing that they say is dropped in silence."""

from __future__ import annotations

import pickle
import shutil
import tomllib

import numpy as np
import pytest
import yaml

from kineograph.cli.__main__ import main
from kineograph.errors import InputError
from kineograph.planning.plan import Plan
from kineograph.planning.projects import find_project, merged_config, say_project
from kineograph.project_formats import opencap, pose2sim
from kineograph.project_formats._pose2sim_values import flat
from kineograph.project_formats._project import LOOK, NOT_NEEDED, OUTCOMES, TAKEN, UNKNOWN, usable_name
from kineograph.settings.plugins import plugin_names
from kineograph.signal.filters._apply import FOLDER as FILTERS
from synthetic.study import write_keypoints, write_videos

CONFIG = """
[project]
participant_height = 1.72
participant_mass = 64.0
frame_rate = 100
frame_range = [10, 300]
[pose]
pose_model = 'Body'
mode = 'performance'
det_frequency = 8
[calibration]
calibration_type = 'convert'
[calibration.convert]
convert_from = 'qualisys'
[calibration.convert.qualisys]
binning_factor = 2
[triangulation]
interp_if_gap_smaller_than = 12
fill_large_gaps_with = 'zeros'
[filtering]
type = 'one_euro'
[filtering.one_euro]
cut_off_frequency = 3
d_cut_off_frequency = 2.0
[filtering.butterworth]
cut_off_frequency = 6
[kinematics]
use_augmentation = false
use_simple_model = true
filter_ik = true
ik_filter_type = 'butterworth'
trimmed_extrema_percent = 40
"""


def write_project(root, text=CONFIG, trials=()):
    """A project with empty videos; `trials` are (name, text of its Config.toml)."""
    for folder in [root / name for name, _ in trials] or [root]:
        (folder / "videos").mkdir(parents=True)
        for camera in ("cam01", "cam02"):
            (folder / "videos" / f"{camera}.mp4").touch()
    (root / "calibration").mkdir()
    (root / "Config.toml").write_text(text)
    for name, own in trials:
        (root / name / "Config.toml").write_text(own)
    return root


def outcomes(project, key):
    return {note.outcome for note in project.notes if note.key == key}


class TestPose2Sim:
    def test_a_trial(self, tmp_path):
        project = pose2sim.read(write_project(tmp_path / "My Study (1)"))
        assert project.trials == (
            {"session": "My_Study_1_", "trial": "My_Study_1_", "participants": "P1", "videos": "videos",
             "calibration": "calibration", "fps": "100", "frames": "10-299"},
        )  # fmt: skip
        assert project.participants == ({"participant": "P1", "height_m": "1.72", "mass_kg": "64"},)
        config = project.config
        assert config["calibration"] == {"format": "qualisys", "binning": 2}
        assert config["pose"] == {"model": "rtmpose-x_coco17", "detect_every_frames": 8}
        assert config["filtering"] == {"method": "one_euro", "cutoff_hz": 3, "speed_cutoff_hz": 2.0}
        assert config["kinematics"] == {"filter": "butterworth", "cutoff_hz": 6}
        assert config["scaling"] == {"model": "simple", "trimmed": 0.4}
        assert config["augmentation"] == {"method": "none"}
        assert config["triangulation"] == {"max_gap_frames": 12}
        assert outcomes(project, "triangulation.fill_large_gaps_with") == {LOOK}

    def test_every_value_has_a_note_and_unknown_ones_are_named(self, tmp_path):
        text = CONFIG + "colour = 'blue'\n[new_stage]\nlevel = 3\n"
        project = pose2sim.read(write_project(tmp_path / "p", text))
        noted = {note.key for note in project.notes}
        assert set(flat(tomllib.loads(text))) <= noted
        assert {note.key for note in project.notes if note.outcome == UNKNOWN} == {
            "kinematics.colour",
            "new_stage.level",
        }
        assert {note.outcome for note in project.notes} <= set(OUTCOMES)

    def test_a_batch_is_merged_value_by_value(self, tmp_path):
        own = "[project]\nmulti_person = true\nparticipant_mass = [70.0, 63.5]\n[filtering]\ntype = 'median'\n"
        more = "[triangulation]\nmin_cameras_for_triangulation = 3\n[kinematics]\nuse_simple_model = false\n"
        root = write_project(tmp_path / "batch", trials=[("T1", ""), ("T2", own), ("T3", more)])
        project = pose2sim.read(root)
        assert [row["trial"] for row in project.trials] == ["T1", "T2", "T3"]
        assert [row["participants"] for row in project.trials] == ["T1.P1", "T2.P1,T2.P2", "T3.P1"]
        assert [row["videos"] for row in project.trials] == ["T1/videos", "T2/videos", "T3/videos"]
        assert project.overrides == (
            {"match": {"trial": "T2"}, "set": {"filtering": {"method": "median"}}},
            {"match": {"trial": "T3"}, "set": {"triangulation": {"min_cameras": 3}}},
        )
        assert {note.trial for note in project.notes if note.key == "scaling.model"} == {
            "T3"
        }  # one model for all trials

    def test_one_trial_of_a_batch_takes_what_is_above_it(self, tmp_path):
        root = write_project(tmp_path / "batch", trials=[("T1", "[filtering]\ntype = 'median'\n")])
        project = pose2sim.read(root / "T1")
        assert project.config["filtering"]["method"] == "median"
        assert project.config["triangulation"]["max_gap_frames"] == 12
        assert project.trials[0]["calibration"] == "../calibration"

    def test_excluded_trials_are_left_out(self, tmp_path):
        text = CONFIG.replace("[pose]", "exclude_from_batch = ['T2']\n[pose]")
        root = write_project(tmp_path / "batch", text, trials=[("T1", ""), ("T2", "")])
        assert [row["trial"] for row in pose2sim.read(root).trials] == ["T1"]
        (root / "Config.toml").write_text(text.replace("['T2']", "['T1', 'T2']"))
        with pytest.raises(InputError, match="no trial"):
            pose2sim.read(root)

    def test_keypoints_that_are_there_are_taken_unless_they_are_to_be_made_anew(self, tmp_path):
        root = write_project(tmp_path / "p", CONFIG.replace("frame_rate = 100\n", ""))
        write_keypoints(root / "pose", phase=0.0, cameras=2, seconds=0.05)
        project = pose2sim.read(root)
        assert project.trials[0]["keypoints"] == "pose"
        assert project.config["pose"]["keypoint_skeleton"] == "coco17"
        assert project.config["inputs"] == {"fps_hz": 60.0}
        assert LOOK in outcomes(project, "project.frame_rate")
        (root / "Config.toml").write_text(CONFIG.replace("det_frequency", "overwrite_pose = true\ndet_frequency"))
        assert "keypoints" not in pose2sim.read(root).trials[0]

    def test_the_frame_rate_of_keypoints_is_that_of_the_videos_beside_them(self, tmp_path):
        root = write_project(tmp_path / "p", CONFIG.replace("frame_rate = 100\n", ""))
        write_keypoints(root / "pose", phase=0.0, cameras=2, seconds=0.05)
        write_videos(root / "videos", phase=0.0, cameras=2, frames=3)
        project = pose2sim.read(root)
        assert project.trials[0]["fps"] == "60"
        assert "inputs" not in project.config

    def test_cameras_are_matched_by_order_where_no_name_fits(self, tmp_path):
        root = write_project(tmp_path / "p")
        path = root / "calibration" / "Calib.toml"
        path.write_text("[Cam_1]\nname='Cam_1'\n[Cam_2]\nname='Cam_2'\n[metadata]\nerror=0\n")
        assert "inputs" not in pose2sim.read(root).config
        path.write_text(path.read_text().replace("Cam_", "GX01000"))
        project = pose2sim.read(root)
        assert project.config["inputs"] == {"camera_match": "order"}
        assert outcomes(project, "cameras") == {LOOK}

    def test_a_calibration_that_was_made_there_is_taken(self, tmp_path):
        root = write_project(tmp_path / "p")
        (root / "calibration" / "Calib_qualisys.toml").touch()
        project = pose2sim.read(root)
        assert project.trials[0]["calibration"] == "calibration/Calib_qualisys.toml"
        assert project.config["calibration"] == {"format": "toml"}

    def test_boards_have_metres(self, tmp_path):
        board = """[calibration]
        calibration_type = 'calculate'
        [calibration.calculate.intrinsics]
        intrinsics_corners_nb = [4, 7]
        intrinsics_square_size = 60
        [calibration.calculate.extrinsics]
        extrinsics_method = 'board'
        [calibration.calculate.extrinsics.board]
        board_position = 'vertical'
        """
        project = pose2sim.read(write_project(tmp_path / "p", board))
        assert project.config["calibration"] == {"method": "board"}
        assert project.config["boards"] == {"corners": [4, 7], "square_m": 0.06, "lies_on": "wall"}

    def test_every_filter_of_the_table_is_there(self):
        from kineograph.project_formats import _pose2sim_values as values
        from kineograph.settings.plugins import plugin_parameters

        for name, parameters in values.FILTERS.values():
            assert name in plugin_names(FILTERS)
            assert set(parameters.values()) <= set(plugin_parameters(FILTERS, name))

    def test_every_network_and_skeleton_of_the_tables_has_a_card(self, resources):
        from kineograph.project_formats import _pose2sim_values as values

        networks = {card for cards in values.NETWORKS.values() for card in cards.values()}
        assert networks <= {path.stem for path in (resources / "models").glob("*.toml")}
        assert set(values.SKELETONS.values()) <= {path.stem for path in (resources / "skeletons").glob("*.toml")}

    def test_a_config_that_is_no_toml(self, tmp_path):
        with pytest.raises(InputError, match="can't be read"):
            pose2sim.read(write_project(tmp_path / "p", "[project\n"))


@pytest.mark.needs_demo
class TestPose2SimsDemos:
    """The Config.toml files of Pose2Sim 0.10.49's own demos, as they are."""

    def project(self, fetched, tmp_path, name):
        root = tmp_path / name
        shutil.copytree(fetched("demo_projects") / name, root)
        for config in root.rglob("Config.toml"):
            if not list(config.parent.glob("*/Config.toml")):
                (config.parent / "videos").mkdir()
                for camera in range(1, 5):
                    (config.parent / "videos" / f"cam0{camera}.mp4").touch()
        return root

    @pytest.mark.parametrize("name", ["Demo_SinglePerson", "Demo_MultiPerson", "Demo_Batch"])
    def test_no_value_of_the_demos_is_unknown(self, name, fetched, tmp_path, repository, monkeypatch, capsys):
        """And the configuration that comes out is a valid one, with a plan of all trials."""
        root = self.project(fetched, tmp_path, name)
        monkeypatch.chdir(tmp_path)
        plan = Plan({"dataset": name, "results": "results"}, repository)
        assert plan.project is not None
        assert not [note for note in plan.project.notes if note.outcome == UNKNOWN]
        assert len(plan.dataset.trials) == (2 if name == "Demo_Batch" else 1)
        assert all(len(trial.cameras) == 4 and not trial.problems for trial in plan.dataset.trials)
        assert plan.config.section("scaling", session="x", participant="y")["model"] == "muscles"
        say_project(plan.project, tmp_path / "import.txt")
        assert "0 unknown" in capsys.readouterr().err
        assert set(flat(tomllib.loads((root / "Config.toml").read_text()))) <= {n.key for n in plan.project.notes} | {
            "pose.CUSTOM"
        }

    def test_who_is_who_in_the_batch(self, fetched, tmp_path):
        project = pose2sim.read(self.project(fetched, tmp_path, "Demo_Batch"))
        assert [row.get("mass_kg") for row in project.participants] == ["70", "70", "63.5"]


def write_session(root, *, synchronised=True, trials=("calibration", "neutral", "walk 1"), **metadata):
    """An OpenCap session of two cameras."""
    values = {"subjectID": "subj 1", "height_m": 1.81, "mass_kg": 72.5, "openSimModel": "LaiUhlrich2022", "posemodel": "hrnet",
              "augmentermodel": "v0.3", "filterfrequency": "default", "checkerBoard": {"squareSideLength_mm": 35},
              "iphoneModel": {"Cam0": "iphone14,2"}} | metadata  # fmt: skip
    (root / "Videos").mkdir(parents=True)
    (root / "sessionMetadata.yaml").write_text(yaml.safe_dump(values))
    (root / "Videos" / "mappingCamDevice.pickle").write_bytes(pickle.dumps({"A": 0}))
    for camera in ("Cam0", "Cam1"):
        folder = root / "Videos" / camera
        for trial in trials:
            media = folder / "InputMedia" / trial
            media.mkdir(parents=True)
            (media / f"{trial}.mov").touch()
            if synchronised and trial != "calibration":
                (media / f"{trial}_sync.mp4").touch()
        pose = {"rotation": np.eye(3), "translation": np.zeros((3, 1)), "intrinsicMat": np.eye(3), "distortion": np.zeros((1, 5)),
                "imageSize": np.array([[1920], [1080]])}  # fmt: skip
        (folder / "cameraIntrinsicsExtrinsics.pickle").write_bytes(pickle.dumps(pose))
    return root


class TestOpenCap:
    def test_a_session(self, tmp_path, repository, monkeypatch):
        write_session(tmp_path / "OpenCapData_1")
        monkeypatch.chdir(tmp_path)
        plan = Plan({"dataset": "OpenCapData_1"}, repository)
        trials = {trial.name: trial for trial in plan.dataset.trials}
        assert list(trials) == ["neutral", "walk_1"]
        assert trials["neutral"].static
        assert not trials["walk_1"].static
        walk = trials["walk_1"]
        assert [(camera.name, camera.path.name) for camera in walk.cameras] == [
            ("Cam0", "walk 1_sync.mp4"), ("Cam1", "walk 1_sync.mp4")
        ]  # fmt: skip
        person = plan.dataset.participants["subj_1"]
        assert (person.height_m, person.mass_kg) == (1.81, 72.5)
        section = plan.config.section
        assert section("synchronization", session="OpenCapData_1", trial="walk_1")["method"] == "none"
        assert section("augmentation", session="OpenCapData_1", trial="walk_1")["method"] == "opencap_lstm"
        from kineograph.cli._any_calibration import (
            find_calibration_file,
        )  # the calibration is found where the sheet says

        assert find_calibration_file(walk.calibration.path, "opencap")[1] == "opencap"

    def test_raw_videos_are_synchronised_here(self, tmp_path):
        project = opencap.read(write_session(tmp_path / "s", synchronised=False))
        assert "synchronization" not in project.config
        assert project.trials[1]["videos"] == "Videos/{camera}/InputMedia/walk 1/walk 1.*"

    def test_unknown_values_are_named_and_a_frequency_is_taken(self, tmp_path):
        project = opencap.read(write_session(tmp_path / "s", filterfrequency=8, colour="blue"))
        assert project.config["filtering"] == {"method": "butterworth", "cutoff_hz": 8.0}
        assert [note.key for note in project.notes if note.outcome == UNKNOWN] == ["colour"]
        assert outcomes(project, "checkerBoard") == {NOT_NEEDED}
        assert outcomes(project, "height_m") == {TAKEN}

    def test_a_folder_of_sessions_is_one_dataset(self, tmp_path):
        for name in ("A", "B"):
            write_session(tmp_path / name)
        project = opencap.read(tmp_path)
        assert [(row["session"], row["participants"]) for row in project.trials if row["trial"] == "neutral"] == [
            ("A", "subj_1"), ("B", "subj_1_2")
        ]  # fmt: skip


class TestRecognising:
    def test_ordinary_datasets_are_none(self, tmp_path):
        (tmp_path / "S1" / "T1" / "videos").mkdir(parents=True)
        assert find_project(tmp_path) is None
        assert find_project(tmp_path / "nowhere") is None

    def test_a_trial_sheet_goes_first(self, tmp_path):
        root = write_project(tmp_path / "p")
        (root / "trials.tsv").write_text("session\ttrial\nS\tT\n")
        assert find_project(root) is None

    def test_what_the_configuration_says_goes_first(self, tmp_path):
        project = pose2sim.read(
            write_project(tmp_path / "b", trials=[("T1", "[filtering.one_euro]\ncut_off_frequency = 9\nbeta = 2\n")])
        )
        own = {"dataset": "x", "filtering": {"cutoff_hz": 5}, "exports": []}
        merged = merged_config(project, own)
        assert merged["filtering"] == {"method": "one_euro", "cutoff_hz": 5, "speed_cutoff_hz": 2.0}
        assert merged["overrides"] == [{"match": {"trial": "T1"}, "set": {"filtering": {"beta": 2}}}]
        assert merged["exports"] == []

    def test_names_are_made_usable(self):
        assert usable_name("trial", "a/b c", ["a_b_c"]) == "a_b_c_2"
        assert usable_name("trial", "calibration") == "calibration_trial"
        assert usable_name("session", "日本") == "session"


class TestImportProject:
    def test_it_writes_what_the_folder_itself_would_give(self, tmp_path, repository, monkeypatch, capsys):
        """One mechanism: the files and the folder give the same settings."""
        write_project(tmp_path / "batch", trials=[("T1", ""), ("T2", "[filtering]\ntype = 'median'\n")])
        monkeypatch.chdir(tmp_path)
        assert main(["import-project", "batch", "--out", "mine/config.yaml"]) == 0
        assert "taken" in capsys.readouterr().out
        written = yaml.safe_load((tmp_path / "mine" / "config.yaml").read_text())
        here, there = Plan(written, repository), Plan({"dataset": "batch"}, repository)
        assert here.project is None
        for trial in ("T1", "T2"):
            for section in ("filtering", "triangulation", "pose"):
                names = {"session": "batch", "trial": trial, "camera": "cam01"}
                assert here.config.text(section, **names) == there.config.text(section, **names)
        assert here.dataset.trials == there.dataset.trials

    def test_it_writes_over_nothing(self, tmp_path, capsys):
        write_project(tmp_path / "p")
        (tmp_path / "config.yaml").write_text("mine")
        assert main(["import-project", str(tmp_path / "p"), "--out", str(tmp_path / "config.yaml")]) == 2
        assert "there already" in capsys.readouterr().err

    def test_a_folder_that_is_no_project(self, tmp_path, capsys):
        assert main(["import-project", str(tmp_path), "--out", str(tmp_path / "c.yaml")]) == 2
        assert "no project of another tool" in capsys.readouterr().err
