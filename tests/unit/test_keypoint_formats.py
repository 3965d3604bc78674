"""Every keypoint format against one truth, and against files that are damaged, foreign or hostile."""

from __future__ import annotations

import json
import os
import pickle
import re
import signal
from dataclasses import replace

import h5py
import numpy as np
import pytest

from kineograph.cli._any_keypoints import count_frames, format_module, read_keypoints
from kineograph.dataset.folders import find_keypoints
from kineograph.dataset.keypoint_files import FOLDER, keypoint_formats
from kineograph.errors import ConfigError, InputError
from kineograph.io.guarded import guarded, longest_cpu_s
from kineograph.io.inert_pickle import read_inert
from kineograph.keypoint_formats import (
    alphapose,
    deeplabcut,
    mmpose,
    movement,
    opencap,
    openpose,
    sleap,
    sleap_analysis,
)
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.recorded_keypoints import RecordedKeypoints
from kineograph.settings.plugins import plugin_literal
from kineograph.stages.detect import judge
from kineograph.stages.import_keypoints import on_skeleton
from kineograph.stages.keypoint_names import matched
from synthetic import keypoint_files
from synthetic.scene import film, ring, walker

FORMATS = keypoint_formats()
FRAMES = 6


def truth(skeletons, format_name: str) -> Keypoints2D:
    """Two people; the second is not seen in the first frames, one keypoint of the first person is lost in one."""
    name = {25: "body25"}.get(keypoint_files.TELLS_SKELETON.get(format_name), "coco17")
    seen = film(
        ring(1), skeletons(name), [walker(skeletons(name)), walker(skeletons(name), phase=1.0)], seconds=FRAMES / 60
    )[0]
    position, confidence = seen.position_px.copy(), seen.confidence.copy()
    position[:2, 1], confidence[:2, 1] = np.nan, 0
    position[3, 0, 4], confidence[3, 0, 4] = np.nan, 0
    return replace(seen, position_px=position, confidence=confidence)


@pytest.fixture
def recording(tmp_path, skeletons):
    """The truth, and the file of a format that holds it."""

    def make(format_name: str):
        seen = truth(skeletons, format_name)
        return seen, keypoint_files.write(format_name, tmp_path / "keypoints", seen)

    return make


@pytest.mark.parametrize("name", FORMATS)
class TestEveryFormat:
    def test_it_reads_what_the_tool_wrote(self, name, recording):
        seen, path = recording(name)
        back, reasons = read_keypoints(path, name, "cam01", seen.skeleton, 60.0)
        assert (back.camera, back.names, back.fps_hz) == ("cam01", seen.names, 60.0)
        assert np.allclose(back.position_px, seen.position_px, atol=1e-5, equal_nan=True)
        assert np.allclose(back.confidence, seen.confidence, atol=1e-6)
        assert np.array_equal(np.isnan(back.bbox_px).any(axis=-1), np.isnan(seen.position_px).all(axis=(-2, -1)))
        assert not reasons

    def test_its_files_are_found_and_named_after_their_camera(self, name, recording):
        _, path = recording(name)
        assert [(c.name, c.kind, c.path) for c in find_keypoints(path.parent)] == [("cam01", name, path)]

    def test_its_frames_are_counted(self, name, recording):
        assert count_frames(recording(name)[1], name)[0] == FRAMES

    def test_it_says_how_it_is_found(self, name):
        patterns = [plugin_literal(FOLDER, name, literal, "") for literal in ("FILES", "FOLDERS")]
        assert any(patterns)
        assert all("camera" in re.compile(pattern).groupindex for pattern in patterns if pattern)
        assert callable(format_module(name).read)

    def test_its_skeleton_is_the_one_it_implies_or_has_to_be_named(self, name, recording):
        seen, path = recording(name)
        if name in keypoint_files.TELLS_SKELETON:
            assert read_keypoints(path, name, "cam01", None, 60.0)[0].skeleton == seen.skeleton
        else:
            with pytest.raises(ConfigError, match=r"pose\.keypoint_skeleton"):
                read_keypoints(path, name, "cam01", None, 60.0)

    def test_damaged_files_are_errors_that_name_them(self, name, recording):
        """Cut off anywhere, empty, or of other bytes: an InputError, or, where a byte more or less does not show, keypoints."""
        _, path = recording(name)
        victim = sorted(path.iterdir())[0] if path.is_dir() else path
        whole = victim.read_bytes()
        for content in (
            b"",
            b"x",
            b"\x00" * 100,
            b"[]",
            b"{}",
            b"null",
            b"[1, 2]",
            b'"text"',
            b"[" * 100_000,
            b"{\xff",
        ):
            victim.write_bytes(content)
            with pytest.raises(InputError) as caught:
                format_module(name).read(path)
            assert victim.name in str(caught.value)
        for part in (0.1, 0.5, 0.9, 0.99):
            victim.write_bytes(whole[: int(part * len(whole))])
            with pytest.raises(InputError):
                format_module(name).read(path)

    def test_no_change_of_a_byte_ends_in_another_error(self, name, recording):
        _, path = recording(name)
        victim = sorted(path.iterdir())[0] if path.is_dir() else path
        whole, random = victim.read_bytes(), np.random.default_rng(3)
        for _ in range(40):
            changed = bytearray(whole)
            for place in random.integers(0, len(whole), 3):
                changed[place] = random.integers(256)
            victim.write_bytes(changed)
            try:
                format_module(name).read(path)
            except InputError:
                continue


def test_every_format_has_a_written_example():
    assert set(keypoint_files.STEMS) == set(FORMATS)


class TestFinding:
    @pytest.mark.parametrize(
        ("file", "camera", "kind"),
        [
            ("cam01DLC_resnet50_runMay1shuffle1_500000.h5", "cam01", "deeplabcut"),
            ("cam01DLC_HrnetW32_runMay1shuffle1_snapshot_200_filtered.csv", "cam01", "deeplabcut"),
            ("cam_2_superanimal_humanbody_rtmpose_x.h5", "cam_2", "deeplabcut"),
            ("cam01.csv", "cam01", "deeplabcut"),
            ("labels.v001.000_cam01.analysis.h5", "cam01", "sleap_analysis"),
            ("cam01.mp4.predictions.slp", "cam01", "sleap"),
            ("cam01.slp", "cam01", "sleap"),
            ("cam01.nc", "cam01", "movement"),
            ("Cam0_rotated_pp.pkl", "Cam0", "opencap"),
            ("results_cam01.json", "cam01", "mmpose"),
            ("cam01_alphapose-results.json", "cam01", "alphapose"),
        ],
    )
    def test_names_of_tools_are_understood(self, tmp_path, file, camera, kind):
        marks = {
            "deeplabcut": "PYTABLES_FORMAT_VERSION",
            "mmpose": '{"meta_info": 0, "instance_info": []}',
            "alphapose": '"image_id"',
        }
        (tmp_path / file).write_text(marks.get(kind, "\x89HDF"))
        assert [(found.name, found.kind) for found in find_keypoints(tmp_path)] == [(camera, kind)]

    def test_a_table_beside_the_same_as_text_is_one_recording(self, tmp_path):
        for ending in ("csv", "h5"):
            (tmp_path / f"cam01DLC_resnet50.{ending}").write_text("PYTABLES_FORMAT_VERSION bodyparts")
        assert [found.path.suffix for found in find_keypoints(tmp_path)] == [".h5"]

    def test_two_recordings_of_a_camera_are_an_error(self, tmp_path):
        for end in ("", "_filtered"):
            (tmp_path / f"cam01DLC_resnet50{end}.h5").write_text("PYTABLES_FORMAT_VERSION")
        with pytest.raises(InputError, match="two files of"):
            find_keypoints(tmp_path)

    def test_timestamps_and_other_files_are_passed_over(self, tmp_path):
        for name in ("cam01.timestamps.csv", "notes.txt", "cam01DLC_x_meta.pickle.bak", ".hidden.json"):
            (tmp_path / name).write_text("0\n")
        assert find_keypoints(tmp_path) == ()

    def test_a_file_of_an_unknown_kind_is_not_lost_in_silence(self, tmp_path):
        (tmp_path / "cam01.json").write_text("{}")
        (found,) = find_keypoints(tmp_path)
        with pytest.raises(InputError, match=r"cam01\.json"):
            format_module(found.kind).read(found.path)

    def test_a_folder_a_camera_may_hold_alphapose_or_opencap_or_pictures_of_mmpose(self, tmp_path):
        for folder, file, text in (
            ("cam01", "alphapose-results.json", '[{"image_id": "0.jpg", "keypoints": [1, 2, 1]}]'),
            ("cam02", "walk_keypoints.pkl", "pose_keypoints_2d"),
            ("cam03", "000000.json", "[]"),
            ("cam03", "000001.json", '[{"keypoints": [[1, 2]], "keypoint_scores": [1]}]'),
        ):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / file).write_text(text)
        assert [found.kind for found in find_keypoints(tmp_path)] == ["alphapose", "opencap", "mmpose"]
        assert alphapose.read(tmp_path / "cam01").position_px.shape == (1, 1, 1, 2)
        assert mmpose.read(tmp_path / "cam03").position_px.shape == (2, 1, 1, 2)


class TestNames:
    @pytest.mark.parametrize(
        "names",
        [
            ("left_hip", "right_hip", "left_big_toe", "nose", "neck"),
            ("hip_L", "hip_R", "BigToe_L", "NOSE", "Neck"),
            ("Left Hip", "Right Hip", "Left Big Toe", "Nose", "neck"),
            ("LHip", "RHip", "LBigToe", "Nose", "Neck"),
            ("lhip", "rhip", "lbigtoe", "nose", "neck"),
            ("hipleft", "hipright", "bigtoeleft", "nose", "neck"),
            ("leftHip", "rightHip", "leftBigToe", "nose", "neck"),
            ("hip-l", "hip-r", "l.big.toe", "nose", "neck"),
        ],
    )
    def test_the_ways_people_write_them(self, names, skeletons):
        assert matched(names, skeletons("halpe26")) == ["LHip", "RHip", "LBigToe", "Nose", "Neck"]

    def test_the_middle_of_the_hips_has_several_names(self, skeletons):
        assert matched(["MidHip", "pelvis", "root", "hip"], skeletons("halpe26")) == ["Hip"] * 4

    def test_what_is_no_keypoint_is_none(self, skeletons):
        assert matched(["tail", "left", "L", "", "ball1", "lip", "heel"], skeletons("halpe26")) == [None] * 7

    @pytest.mark.parametrize("card", ["halpe26", "coco17", "body25", "body25b", "blazepose"])
    def test_every_cards_own_names_are_told_apart(self, card, skeletons):
        skeleton = skeletons(card)
        written = [
            f"{skeleton.side(name)} {name[1:]}" if skeleton.side(name) != "middle" else name
            for name in skeleton.keypoints
        ]
        assert matched(written, skeleton) == list(skeleton.keypoints)


class TestOnSkeleton:
    def recorded(self, names=("left_hip", "tail"), confidence=0.9, at=(100.0, 200.0)):
        position = np.full((2, 1, len(names), 2), at, dtype=float)
        return RecordedKeypoints(position, np.full((2, 1, len(names)), confidence), tuple(names), "cam01.h5")

    def test_missing_keypoints_are_named_and_so_are_those_not_understood(self, skeletons):
        keypoints, (reason,) = on_skeleton(self.recorded(), skeletons("coco17"), "cam01", 60.0)
        assert reason.verdict == "warn"
        assert "lacks 16 of 17" in reason.text
        assert "not understood: tail" in reason.text
        assert np.isfinite(keypoints.position_px).all(axis=-1).sum(axis=-1).tolist() == [[1], [1]]
        assert judge(keypoints, 2, "sleap", "", known=[reason]).reasons[0] == reason

    def test_a_mean_confidence_just_below_the_limit_is_seen_to_be_below(self, skeletons):
        keypoints, _ = on_skeleton(self.recorded(confidence=0.4996), skeletons("coco17"), "cam01", 60.0)
        (reason,) = judge(keypoints, 2, "sleap", "").ranked()
        assert "confidence is 0.4996 (wanted: 0.5)" in reason.text
        assert reason.touches == "note"

    def test_no_common_keypoint_is_an_error_that_shows_both_sides(self, skeletons):
        with pytest.raises(InputError) as caught:
            on_skeleton(self.recorded(("tail", "paw1")), skeletons("coco17"), "cam01", 60.0)
        assert "tail, paw1" in str(caught.value)
        assert "LShoulder" in str(caught.value)

    def test_two_names_for_one_keypoint_are_an_error(self, skeletons):
        with pytest.raises(InputError, match="'hip_L' and 'left_hip'"):
            on_skeleton(self.recorded(("hip_L", "left_hip")), skeletons("coco17"), "cam01", 60.0)

    def test_an_own_card_by_its_path_with_its_own_names(self, tmp_path):
        card = tmp_path / "mine.toml"
        card.write_text(
            'name = "mine"\ntitle = "x"\nsource = "x"\nkeypoints = ["tail", "paw1"]\nbones = []\ntracking = ["tail"]\n'
        )
        path = keypoint_files.write("sleap_analysis", tmp_path, replace(self.made(), names=("tail", "paw1")))
        keypoints, reasons = read_keypoints(path, "sleap_analysis", "cam01", str(card), 60.0)
        assert keypoints.names == ("tail", "paw1")
        assert not reasons

    @staticmethod
    def made():
        shape = (3, 1, 2)
        return Keypoints2D(
            "cam01",
            "x",
            ("a", "b"),
            np.ones((*shape, 2)),
            np.ones(shape),
            np.ones((3, 1, 4)),
            60.0,
            np.arange(3) / 60,
            (0, 0),
        )

    def test_no_scores_at_all_count_as_one_with_a_warning(self, skeletons):
        keypoints, reasons = on_skeleton(self.recorded(confidence=np.nan), skeletons("coco17"), "cam01", 60.0)
        assert keypoints.confidence.max() == 1
        assert any("no confidences" in reason.text for reason in reasons)

    def test_an_empty_likelihood_is_nobody(self, tmp_path, skeletons):
        made = replace(self.made(), names=("left_hip", "right_hip"))
        made.confidence[1, 0, 0] = np.nan
        keypoint_files.write_deeplabcut_csv(tmp_path / "cam01.csv", made)
        keypoints, _ = read_keypoints(tmp_path / "cam01.csv", "deeplabcut", "cam01", "coco17", 60.0)
        assert np.isfinite(keypoints.position_px[:, 0, 11, 0]).tolist() == [True, False, True]

    @pytest.mark.parametrize(
        ("confidence", "at"), [(0.9, (1e30, 5)), (0.9, (5, -np.inf)), (-0.5, (5, 5)), (1e9, (5, 5)), (np.nan, (1e7, 5))]
    )
    def test_values_that_are_no_pixels_or_no_scores_are_errors(self, confidence, at, skeletons):
        with pytest.raises(InputError, match="frame 0, keypoint left_hip"):
            on_skeleton(self.recorded(confidence=confidence, at=at), skeletons("coco17"), "cam01", 60.0)

    def test_the_files_own_rate_counts_unless_another_is_given(self, tmp_path, skeletons):
        keypoint_files._movement(tmp_path / "cam01.nc", replace(self.made(), names=("left_hip", "right_hip")), fps=50.0)
        read = lambda fps: read_keypoints(tmp_path / "cam01.nc", "movement", "cam01", "coco17", fps)  # noqa: E731
        assert read(float("nan"))[0].fps_hz == 50.0
        keypoints, reasons = read(60.0)
        assert keypoints.fps_hz == 60.0
        assert any("50" in reason.text and "60" in reason.text for reason in reasons)

    def test_no_rate_is_an_error(self, skeletons):
        with pytest.raises(InputError, match="frame rate"):
            on_skeleton(self.recorded(), skeletons("coco17"), "cam01", float("nan"))


class TestDeepLabCut:
    @pytest.mark.parametrize("write", [keypoint_files.write_deeplabcut_csv, keypoint_files.write_deeplabcut_fixed])
    def test_text_and_the_fixed_form_are_read_too(self, tmp_path, skeletons, write):
        seen = truth(skeletons, "deeplabcut")
        path = tmp_path / ("cam01.csv" if "csv" in write.__name__ else "cam01.h5")
        write(path, seen)
        back = on_skeleton(deeplabcut.read(path), skeletons("coco17"), "cam01", 60.0)[0]
        assert np.allclose(back.position_px, seen.position_px, equal_nan=True)

    def test_a_table_of_one_individual_has_three_header_rows(self, tmp_path):
        (tmp_path / "cam01.csv").write_text(
            "scorer,s,s,s\nbodyparts,nose,nose,nose\ncoords,x,y,likelihood\n0,1,2,.5\n1,3,4,\n"
        )
        back = deeplabcut.read(tmp_path / "cam01.csv")
        assert back.names == ("nose",)
        assert back.position_px[:, 0, 0].tolist() == [[1, 2], [3, 4]]
        assert back.confidence[:, 0, 0].tolist() == [0.5, 0]

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("a,b\n1,2\n", "no table's"),
            ("1,2\n", "header has no names"),
            ("scorer,s\nbodyparts,nose\ncoords,x\n", "without rows"),
            ("scorer,s,s\nbodyparts,n,n\ncoords,x,x\n0,1,2\n", "two columns of one name"),
            ("scorer,s\nbodyparts,n\ncoords,likelihoods\n0,1\n", "no column of x and y"),
            ("scorer,s\nbodyparts,n\ncoords,x\n0,1,2\n", "a line of 3 columns"),
            ("scorer,s\nbodyparts,n\ncoords,x\n0,abc\n", "abc"),
        ],
    )
    def test_other_tables_are_errors(self, tmp_path, text, expected):
        (tmp_path / "cam01.csv").write_text(text)
        with pytest.raises(InputError, match=expected):
            deeplabcut.read(tmp_path / "cam01.csv")

    def test_pickled_names_that_would_run_something_are_refused(self, tmp_path, skeletons):
        path = keypoint_files.write("deeplabcut", tmp_path, truth(skeletons, "deeplabcut"))
        with h5py.File(path, "a") as file:
            file["df_with_missing"].attrs["non_index_axes"] = np.void(
                pickle.dumps(Mischief(tmp_path / "ran"), protocol=0)
            )
        with pytest.raises(InputError, match="wants to run"):
            deeplabcut.read(path)
        assert not (tmp_path / "ran").exists()


class Mischief:
    """What a pickle of it does when it is opened with pickle.load: it makes a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


class TestOpenCap:
    def test_a_pickle_that_would_run_something_is_refused(self, tmp_path):
        path = tmp_path / "cam01_keypoints.pkl"
        path.write_bytes(pickle.dumps([[{"pose_keypoints_2d": Mischief(tmp_path / "ran")}]]))
        with pytest.raises(InputError, match="wants to run"):
            opencap.read(path)
        assert not (tmp_path / "ran").exists()

    def test_a_small_pickle_that_describes_a_huge_value_is_an_error_at_once(self, tmp_path):
        bomb: list = [1.0]
        for _ in range(60):
            bomb = [bomb, bomb]
        (tmp_path / "cam01.pkl").write_bytes(pickle.dumps(bomb))
        with pytest.raises(InputError):
            opencap.read(tmp_path / "cam01.pkl")
        loop: list = []
        loop.append(loop)
        with pytest.raises(ValueError, match="holds itself"):
            read_inert(pickle.dumps(loop))

    def test_arrays_of_numbers_and_frames_without_anybody_are_read(self, tmp_path):
        frames = [[], [{"pose_keypoints_2d": np.arange(75, dtype=np.float32)}], [{"pose_keypoints_2d": []}]]
        (tmp_path / "cam01.pkl").write_bytes(pickle.dumps(frames))
        back = opencap.read(tmp_path / "cam01.pkl")
        assert back.position_px.shape == (3, 1, 25, 2)
        assert back.position_px[1, 0, 1].tolist() == [3, 4]


class TestAlphaPose:
    @pytest.mark.parametrize(("people", "keypoints"), [("bodies", "joints"), ("people", "pose_keypoints_2d")])
    def test_its_other_two_forms_are_read_by_name(self, tmp_path, skeletons, people, keypoints):
        person = {keypoints: np.arange(1, 55, dtype=float).tolist()}
        frames = {f"{number}.jpg": {"version": 0.3, people: [person]} for number in (0, 2)}
        (tmp_path / "cam01.json").write_text(json.dumps(frames))
        back, _ = read_keypoints(tmp_path / "cam01.json", "alphapose", "cam01", "coco17", 60.0)
        assert back.n_frames == 3
        assert back.position_px[2, 0, 0].tolist() == [1, 2]  # the nose, first in both orders
        assert back.position_px[0, 0, 5].tolist() == [16, 17]  # the left shoulder, the file's sixth

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            ([{"image_id": "a.jpg", "keypoints": [1, 2, 3]}], "without a number"),
            ([{"image_id": "0.jpg", "keypoints": [1, 2]}], "not x, y and confidence"),
            ([{"image_id": "0.jpg"}], "keypoints"),
            ([{"image_id": "0.jpg", "keypoints": [1, 2, "x"]}], "usable people"),
            (
                [{"image_id": "0.jpg", "keypoints": [1, 2, 3]}, {"image_id": "0.jpg", "keypoints": [1, 2, 3] * 2}],
                "of 1 and of 2",
            ),
            (
                [{"image_id": "0.jpg", "keypoints": [1, 2, 3]}, {"image_id": "99999999.jpg", "keypoints": [1, 2, 3]}],
                "99999999",
            ),
            ([{"image_id": "0.jpg", "keypoints": [1, 2, float("nan")]}], "not finite"),
            ([], "nobody"),
        ],
    )
    def test_what_is_no_keypoints_is_an_error(self, tmp_path, content, expected):
        (tmp_path / "cam01.json").write_text(json.dumps(content))
        with pytest.raises(InputError, match=expected):
            alphapose.read(tmp_path / "cam01.json")


class TestMMPose:
    def test_the_demo_scripts_file_brings_its_names(self, tmp_path, skeletons):
        instance = {"keypoints": [[1, 2], [3, 4]], "keypoint_scores": [0.5, 0.6]}
        content = {
            "meta_info": {"keypoint_id2name": {"0": "left_hip", "1": "nose"}},
            "instance_info": [{"frame_id": 1, "instances": [instance]}, {"frame_id": 2, "instances": []}],
        }
        (tmp_path / "results_cam01.json").write_text(json.dumps(content))
        back, (reason,) = read_keypoints(tmp_path / "results_cam01.json", "mmpose", "cam01", "coco17", 60.0)
        assert back.n_frames == 2
        assert back.position_px[0, 0, [11, 0]].tolist() == [[1, 2], [3, 4]]
        assert "lacks 15" in reason.text

    def test_a_frame_twice_is_an_error(self, tmp_path):
        (tmp_path / "cam01.json").write_text(json.dumps([{"frame_id": 0, "instances": []}] * 2))
        with pytest.raises(InputError, match="frame 0 twice"):
            mmpose.read(tmp_path / "cam01.json")


class TestSleap:
    def test_a_correction_goes_before_its_prediction(self, tmp_path, skeletons):
        path = keypoint_files.write("sleap", tmp_path, truth(skeletons, "sleap"))
        with h5py.File(path, "a") as file:
            instances, points = file["instances"][()], np.zeros(17, file["points"].dtype)
            points["x"], points["y"] = 7.0, 8.0
            added = instances[:1].copy()
            added["instance_id"], added["instance_type"], added["from_predicted"] = len(instances), 0, 0
            added["point_id_start"], added["point_id_end"] = 0, 17
            del file["instances"], file["points"]
            file["instances"], file["points"] = np.concatenate([instances, added]), points
        back = sleap.read(path)
        assert (back.position_px[0, 0] == [7, 8]).all()
        assert np.isnan(back.confidence[0, 0]).all()
        with h5py.File(path, "a") as file:
            file["metadata"].attrs["format_id"] = 1.0
        assert (sleap.read(path).position_px[0, 0] == [6.5, 7.5]).all()

    def test_axes_in_another_order_are_read_by_their_names(self, tmp_path, skeletons):
        seen = truth(skeletons, "sleap_analysis")
        path = keypoint_files.write("sleap_analysis", tmp_path, seen)
        with h5py.File(path, "a") as file:
            del file["tracks"]
            file["tracks"] = seen.position_px
            file["tracks"].attrs["dims"] = json.dumps(["frame", "track", "node", "xy"])
        assert np.array_equal(sleap_analysis.read(path).position_px, seen.position_px, equal_nan=True)

    @pytest.mark.parametrize("hide", ["virtual", "external", "link"])
    def test_what_stands_in_another_file_is_not_read(self, tmp_path, skeletons, hide):
        path = keypoint_files.write("sleap_analysis", tmp_path, truth(skeletons, "sleap_analysis"))
        other = tmp_path / "other.h5"
        with h5py.File(other, "w") as file:
            file["tracks"] = np.zeros((2, 2, 17, FRAMES))
        with h5py.File(path, "a") as file:
            del file["tracks"]
            if hide == "link":
                file["tracks"] = h5py.ExternalLink(str(other), "tracks")
            elif hide == "external":
                file.create_dataset("tracks", (2, 2, 17, FRAMES), "f8", external=str(tmp_path / "raw.bin"))
            else:
                layout = h5py.VirtualLayout((2, 2, 17, FRAMES), "f8")
                layout[:] = h5py.VirtualSource(str(other), "tracks", (2, 2, 17, FRAMES))
                file.create_virtual_dataset("tracks", layout)
        with pytest.raises(InputError, match="no data set of this file"):
            sleap_analysis.read(path)

    def test_a_huge_shape_is_refused_before_it_is_read(self, tmp_path, skeletons):
        path = keypoint_files.write("sleap_analysis", tmp_path, truth(skeletons, "sleap_analysis"))
        with h5py.File(path, "a") as file:
            del file["tracks"]
            file.create_dataset("tracks", (1000, 2, 17, 10**9), "f8", chunks=(1, 1, 1, 1000))
        assert path.stat().st_size < 1_000_000
        with pytest.raises(InputError, match="values"):
            sleap_analysis.read(path)


class TestGuard:
    @pytest.mark.parametrize(("cause", "expected"), [(signal.SIGSEGV, "a crash"), (signal.SIGXCPU, "without an end")])
    def test_a_file_on_which_the_reader_crashes_or_hangs_is_an_error(self, tmp_path, cause, expected):
        own = os.getpid()

        @guarded
        def read(path):
            assert os.getpid() != own
            os.kill(os.getpid(), cause)

        with pytest.raises(InputError, match=expected):
            read(tmp_path / "cam01.h5")

    @pytest.mark.parametrize(("megabytes", "expected"), [(0.01, 3), (5.5, 8), (5000, 30)])
    def test_a_file_may_take_as_long_as_its_size_asks_for(self, tmp_path, megabytes, expected):
        """Uncompressed files of 8-9 MB take 0.01-0.06 s; a damaged one of 11 kB ran into a loop of the HDF5 library."""
        path = tmp_path / "cam01.h5"
        with path.open("wb") as file:
            file.truncate(int(megabytes * 1e6))
        assert longest_cpu_s(path) == expected

    def test_what_the_child_reads_or_raises_is_handed_over_and_the_file_is_read_once(self, tmp_path):
        """A damaged OpenCV file was read in the child and crashed the parent."""
        own = os.getpid()

        @guarded
        def read(path, what):
            assert os.getpid() != own
            if isinstance(what, Exception):
                raise what
            return what

        values = np.arange(2_000_000.0)
        assert np.array_equal(read(tmp_path / "cam01.h5", values), values)
        with pytest.raises(ZeroDivisionError, match="why"):
            read(tmp_path / "cam01.h5", ZeroDivisionError("why"))
        with pytest.raises(ConfigError) as raised:
            read(tmp_path / "cam01.h5", ConfigError("what", expected="a", found="b", hint="c", where="d"))
        assert raised.value.record() == {"what": "what", "expected": "a", "found": "b", "hint": "c", "where": "d"}

    def test_a_file_that_hangs_the_library_is_an_error_soon(self, tmp_path):
        """The child is stopped by the clock of its own CPU time, not by that of a machine that does other things."""

        @guarded
        def read(path):
            while True:
                pass

        before_s = sum(os.times()[2:4])
        with pytest.raises(InputError, match="3 s of reading without an end"):
            read(tmp_path / "cam01.h5")
        assert sum(os.times()[2:4]) - before_s < 4


class TestMovement:
    def test_3d_points_and_netcdf_3_are_refused(self, tmp_path, skeletons):
        path = keypoint_files.write("movement", tmp_path, truth(skeletons, "movement"))
        with h5py.File(path, "a") as file:
            file["space"][...] = ["x", "z"]
        with pytest.raises(InputError, match="x, z"):
            movement.read(path)
        path.write_bytes(b"CDF\x01" + b"\0" * 100)
        with pytest.raises(InputError, match="netCDF 3"):
            movement.read(path)


class TestOpenPose:
    @pytest.fixture
    def seen(self, skeletons):
        return film(ring(1), skeletons("body25b"), [walker(skeletons("body25b"))], seconds=0.2)[0]

    def read(self, folder, skeletons):
        return on_skeleton(openpose.read(folder), skeletons("body25b"), "c", 60.0)[0]

    def test_round_trip(self, tmp_path, skeletons, seen):
        openpose.write(tmp_path, seen)
        back = self.read(tmp_path, skeletons)
        assert np.allclose(back.position_px, seen.position_px, atol=1e-5, equal_nan=True)
        assert np.allclose(back.confidence, seen.confidence, atol=1e-6)

    @pytest.mark.parametrize("first", [0, 1, 500])
    def test_folders_count_from_any_number_and_junk_is_passed_over(self, tmp_path, skeletons, first):
        for frame in (first, first + 1, first + 3):
            (tmp_path / f"trial2_cam01_{frame:06d}.json").write_text('{"people": []}')
        (tmp_path / "readme.json").write_text("{}")
        (tmp_path / "notes.txt").write_text("x")
        assert list(openpose.frame_files(tmp_path)) == [0, 1, 3]
        keypoints = self.read(tmp_path, skeletons)
        assert keypoints.position_px.shape == (4, 0, 25, 2)

    def test_empty_people_are_nobody(self, tmp_path, skeletons):
        (tmp_path / "f_0.json").write_text('{"people": [{"pose_keypoints_2d": []}]}')
        assert self.read(tmp_path, skeletons).position_px.shape == (1, 0, 25, 2)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ('{"people": [{"pose_keypoints_2d": [1,2', "breaks off"),
            ('{"people": 3}', "without usable people"),
            ("[]", "without usable people"),
            ('{"people": [{"pose_keypoints_2d": ["a", 1, 1]}]}', "without usable people"),
            (json.dumps({"people": [{"pose_keypoints_2d": [1.0] * 78}]}), "26 keypoints"),
            ('{"people": [{"pose_keypoints_2d": [' + "1e999," * 74 + "1]}]}", "not finite"),
        ],
    )
    def test_damaged_files_are_errors_that_name_them(self, tmp_path, skeletons, text, expected):
        (tmp_path / "f_0.json").write_text(text)
        with pytest.raises(InputError) as caught:
            self.read(tmp_path, skeletons)
        assert expected in str(caught.value)
        assert "f_0.json" in str(caught.value)

    def test_two_files_of_a_frame_are_an_error(self, tmp_path):
        for name in ("a_01.json", "b_1.json"):
            (tmp_path / name).write_text("{}")
        with pytest.raises(InputError, match=r"can't be read"):
            openpose.frame_files(tmp_path)
