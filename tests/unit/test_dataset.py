from __future__ import annotations

import pytest

from kineograph.dataset.calibration_files import find_calibration_file
from kineograph.dataset.names import check_name, natural_key, same_name_key
from kineograph.dataset.read import read_dataset
from kineograph.errors import InputError


def touch(path, text="x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def folder(tmp_path):
    for trial in ("T1", "T2"):
        for camera in ("cam10", "cam2"):
            touch(tmp_path / "S1" / trial / "videos" / f"{camera}.mp4")
    touch(tmp_path / "S1" / "calibration" / "Calib.qca.txt")
    return tmp_path


def complaint(call, *args):
    with pytest.raises(InputError) as caught:
        call(*args)
    assert len(caught.value.lines()) == 3
    return str(caught.value)


def test_folders_are_sessions_trials_and_cameras_in_natural_order(folder):
    dataset = read_dataset(folder)
    assert [trial.key for trial in dataset.trials] == [("S1", "T1"), ("S1", "T2")]
    assert [camera.name for camera in dataset.trials[0].cameras] == ["cam2", "cam10"]
    assert dataset.trials[0].participants == ("P1",)
    assert dataset.trials[0].calibration.name == "session"


def test_a_trials_own_calibration_goes_first(folder):
    touch(folder / "S1" / "T2" / "calibration" / "other.toml")
    assert [trial.calibration.name for trial in read_dataset(folder).trials] == ["session", "trial-T2"]


def test_junk_beside_the_videos_is_passed_over(folder):
    for name in ("notes.txt", ".DS_Store", "Thumbs.db"):
        touch(folder / "S1" / "T1" / "videos" / name)
    assert len(read_dataset(folder).trials[0].cameras) == 2


def test_pictures_and_keypoint_folders_are_cameras(tmp_path):
    touch(tmp_path / "S" / "pictures" / "videos" / "camA" / "0001.png")
    touch(tmp_path / "S" / "keypoints" / "pose" / "camB_json" / "camB_0001.json")
    kinds = {trial.name: trial.cameras[0] for trial in read_dataset(tmp_path).trials}
    assert (kinds["pictures"].name, kinds["pictures"].kind) == ("camA", "images")
    assert (kinds["keypoints"].name, kinds["keypoints"].kind) == ("camB", "openpose")


def test_an_empty_trial_is_kept_with_its_problem(folder):
    (folder / "S1" / "T3" / "videos").mkdir(parents=True)
    trial = read_dataset(folder).trial("S1", "T3")
    assert trial.cameras == ()
    assert "no camera" in trial.problems[0]


def test_a_missing_or_empty_dataset_is_an_error(tmp_path):
    assert "is not there" in complaint(read_dataset, tmp_path / "nowhere")
    assert "holds no trial" in complaint(read_dataset, tmp_path)


def test_two_files_of_one_camera_are_an_error(folder):
    touch(folder / "S1" / "T1" / "videos" / "cam2.avi")
    assert "cam2.mp4" in complaint(read_dataset, folder)


class TestSheet:
    def write(self, folder, *rows, header="session\ttrial\tparticipants\tvideos\tcalibration\tfps\tframes"):
        touch(folder / "trials.tsv", "\n".join([header, *rows]) + "\n")
        return folder

    def test_its_columns_are_understood(self, folder):
        touch(folder / "other" / "cal.toml")
        self.write(folder, "S1\tT1\tA, B\t\tother/cal.toml\t100\t10-20", "S1\tT2")
        touch(folder / "participants.tsv", "participant\theight_m\tmass_kg\nA\t1.8\t\nB\t\t65\nP1\t\t\n")
        first, second = (dataset := read_dataset(folder)).trials
        assert first.participants == ("A", "B")
        assert (first.fps_hz, first.frames) == (100.0, (10, 20))
        assert first.calibration.name == "sheet-other-cal.toml"
        assert second.participants == ("P1",)
        assert dataset.participants["A"].height_m == 1.8
        assert dataset.participants["B"].mass_kg == 65
        assert dataset.trials_of("S1", "A") == [first]

    def test_models_are_scaled_from_static_trials_where_there_are_some(self, folder):
        header = "session\ttrial\tparticipants\tstatic"
        self.write(folder, "S1\tT1\tA,B\tno", "S1\tT2\tA\tYes", header=header)
        dataset = read_dataset(folder)
        assert [trial.name for trial in dataset.measured_trials_of("S1", "A")] == ["T2"]
        assert [trial.name for trial in dataset.measured_trials_of("S1", "B")] == ["T1"]
        assert [trial.name for trial in dataset.trials_of("S1", "A")] == ["T1", "T2"]

    def test_missing_videos_are_a_problem_of_their_trial_only(self, folder):
        self.write(folder, "S1\tT1", "S1\tT9", "S1\tT2\t\tnowhere/videos")
        problems = {trial.name: trial.problems for trial in read_dataset(folder).trials}
        assert problems["T1"] == ()
        assert "no camera" in problems["T9"][0]
        assert "is not there" in problems["T2"][0]

    def test_an_unknown_participant_is_a_problem_of_the_trial(self, folder):
        touch(folder / "participants.tsv", "participant\nA\n")
        self.write(folder, "S1\tT1\tA", "S1\tT2\tZ")
        problems = {trial.name: trial.problems for trial in read_dataset(folder).trials}
        assert problems["T1"] == ()
        assert "participant Z" in problems["T2"][0]

    @pytest.mark.parametrize(
        ("rows", "header", "expected"),
        [
            (["S1\tT1", "S1\tT1"], None, "twice"),
            (["S1\tT1"], "session,trial", "unknown column"),
            (["S1"], "session", "lacks 'trial'"),
            ([], None, "names no trial"),
            (["S1\tT1\t\t\t\tfast"], None, "the fps"),
            (["S1\tT1\t\t\t\t\t20-10"], None, "range of frames"),
            (["S1\tT1\tperhaps"], "session\ttrial\tstatic", "column static"),
            (["../S1\tT1"], None, "can't be named"),
            (["S1\t$(rm -rf x)"], None, "can't be named"),
            (["S1\tcalibration"], None, "can't be named"),
            (["logs\tT1"], None, "can't be named"),
            (["S1\tT1\t\t\t\t\t\t\textra"], None, "too many columns"),
        ],
    )
    def test_mistakes_have_three_lines(self, folder, rows, header, expected):
        self.write(folder, *rows, **({"header": header} if header else {}))
        assert expected in complaint(read_dataset, folder)

    def test_heights_in_centimetres_are_refused(self, folder):
        self.write(folder, "S1\tT1\tA")
        touch(folder / "participants.tsv", "participant\theight_m\nA\t180\n")
        assert "height_m" in complaint(read_dataset, folder)

    def test_a_sheet_that_is_not_text_is_an_error(self, folder):
        (folder / "trials.tsv").write_bytes(b"\xff\xfe\x00s")
        assert "UTF-8" in complaint(read_dataset, folder)


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "a b", "a;b", "<b>", "é", "-x", "a\n"])
def test_names_that_could_break_a_path_a_shell_or_a_page_are_refused(name):
    complaint(check_name, "trial", name, "here")


def test_names_are_compared_as_people_read_them():
    assert sorted(["cam10", "cam2", "Cam1"], key=natural_key) == ["Cam1", "cam2", "cam10"]
    assert same_name_key("cam_01") == same_name_key("CAM1") == same_name_key("Cam-01")
    assert same_name_key("cam1") != same_name_key("cam11")


def test_the_calibration_file_is_found_by_its_content(folder):
    qualisys = touch(folder / "S1" / "calibration" / "Calib.qca.txt", "<?xml?><calibration></calibration>")
    touch(folder / "S1" / "calibration" / "notes.txt", "we calibrated on Monday")
    assert find_calibration_file(folder / "S1" / "calibration", "auto") == (qualisys, "qualisys")
    touch(folder / "S1" / "calibration" / "a.toml", "[cam]\nmatrix = 1\n")
    assert "more than one" in complaint(find_calibration_file, folder / "S1" / "calibration", "auto")
    assert find_calibration_file(folder / "S1" / "calibration", "toml")[1] == "toml"
    assert "is not there" in complaint(find_calibration_file, folder / "nowhere", "auto")
    assert "no calibration" in complaint(find_calibration_file, folder / "S1" / "T1", "auto")
