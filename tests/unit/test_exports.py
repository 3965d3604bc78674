"""Exports: what other tools read out of each file is what the results say, with units, rates and gaps."""

from __future__ import annotations

import csv
import importlib
import io
import json
import re
import struct
import zipfile

import numpy as np
import pytest

from kineograph.cli.__main__ import main
from kineograph.dataset.names import SAFE_NAME
from kineograph.errors import InputError
from kineograph.exports._joints import ROOT, joint_motion
from kineograph.io.npz import write_npz
from kineograph.keypoint_formats import openpose as openpose_reader
from kineograph.layout import PATHS
from kineograph.model.points import Points3D
from kineograph.settings.plugins import plugin_literal, plugin_module, plugin_names
from synthetic import exported
from synthetic.exported import FILLED, FPS_HZ, FRAMES, GAP, GAP_POINT, PEOPLE, UNSOLVED

FORMATS = plugin_names("exports")
PERSON = PEOPLE[0]


@pytest.fixture(scope="module")
def files(tmp_path_factory, opensim_setup):
    return exported.write_results(tmp_path_factory.mktemp("results"), opensim_setup / "Model_Pose2Sim_simple.osim")


@pytest.fixture(scope="module")
def export(files, tmp_path_factory):
    """Write a format's files once; their paths."""
    folder = tmp_path_factory.mktemp("exports")
    done = {}

    def write(name):
        if name not in done:
            module = importlib.import_module(plugin_module("exports", name))
            people = (PERSON,) if module.LEVEL == "person" else PEOPLE
            paths = tuple(folder / f"{name}{tail}" for tail in module.FILES)
            module.write(paths, exported.subject(files, *people))
            done[name] = paths
        return done[name]

    return write


@pytest.fixture(scope="module")
def expected():
    """The points of the exported person, (F, K, 3), with its names."""
    points = exported.points()
    return points.names, points.position_m[:, 0]


@pytest.mark.parametrize("name", FORMATS)
class TestEveryFormat:
    def test_it_says_what_it_is_made_of(self, name):
        assert plugin_literal("exports", name, "LEVEL", None) in ("person", "trial")
        tails = plugin_literal("exports", name, "FILES", ())
        assert tails
        level = plugin_literal("exports", name, "LEVEL", None)
        assert all(tail.startswith(".") == (level == "person") for tail in tails)
        assert set(plugin_literal("exports", name, "NEEDS", ())) <= set(PATHS) | {"points"}

    def test_no_two_formats_write_the_same_file(self, name):
        tails = plugin_literal("exports", name, "FILES", ())
        others = [tail for other in FORMATS if other != name for tail in plugin_literal("exports", other, "FILES", ())]
        assert not {tail for tail in tails for other in others if tail.endswith(other) or other.endswith(tail)}

    def test_the_same_results_give_the_same_bytes(self, name, export, files, tmp_path):
        module = importlib.import_module(plugin_module("exports", name))
        again = tuple(tmp_path / f"elsewhere{tail}" for tail in module.FILES)
        module.write(again, exported.subject(files, *((PERSON,) if module.LEVEL == "person" else PEOPLE)))
        for first, second in zip(export(name), again, strict=True):
            assert first.read_bytes() == second.read_bytes()

    def test_a_trial_without_frames_gives_empty_files_and_the_reason(self, name, files, tmp_path, capsys):
        empty = Points3D(PEOPLE, (), (), "halpe26", *(np.zeros((0, 2, 0, *rest)) for rest in ((3,), (3, 3), (), (0,))),
                         np.zeros((0, 2, 0), np.uint8), np.zeros(0), FPS_HZ)  # fmt: skip
        write_npz(tmp_path / "empty.npz", empty)
        (tmp_path / "model.osim").write_text("")
        nobody = {**{kind: [str(path) for path in paths] for kind, paths in files.items()}}
        nobody |= {"points": [str(tmp_path / "empty.npz")], "model": [str(tmp_path / "model.osim")], "keypoints": []}
        tails = plugin_literal("exports", name, "FILES", ())
        people = [PERSON] if plugin_literal("exports", name, "LEVEL", "") == "person" else list(PEOPLE)
        about = {"session": "S1", "trial": "T1", "participants": people}
        out = [str(tmp_path / f"x{tail}") for tail in tails]
        code = main(
            ["export", "--formats", name, "--subject", json.dumps(about), "--files", json.dumps(nobody), "--out", *out]
        )
        assert code == 0
        if name not in ("sto", "openpose"):  # made of angles or keypoints alone
            assert "can be exported" in capsys.readouterr().err
            assert all((tmp_path / f"x{tail}").stat().st_size == 0 for tail in tails)

    def test_the_reference_of_keys_names_it(self, name, repository):
        assert f"`{name}`" in (repository / "config" / "README.md").read_text()


def test_the_people_of_these_tests_have_names_that_are_allowed():
    assert all(re.fullmatch(SAFE_NAME, name) for name in PEOPLE)


class TestC3d:
    def test_ezc3d_reads_the_points(self, export, expected):
        import ezc3d

        names, position = expected
        file = ezc3d.c3d(str(export("c3d")[0]))
        point = file["parameters"]["POINT"]
        assert point["UNITS"]["value"] == ["mm"]
        assert point["RATE"]["value"][0] == FPS_HZ
        labels = point["LABELS"]["value"]
        assert tuple(labels[: len(names)]) == names
        read = file["data"]["points"][:3, : len(names)].transpose(2, 1, 0) / 1000
        np.testing.assert_allclose(read, position, atol=1e-6)
        gap = file["data"]["meta_points"]["residuals"][0, names.index(GAP_POINT)]
        assert (gap[GAP] == -1).all()
        assert (np.delete(gap, range(GAP.start, GAP.stop)) >= 0).all()
        assert file["parameters"]["SUBJECTS"]["NAMES"]["value"] == [PERSON]

    def test_residuals_are_standard_deviations_and_filled_points_have_none(self, export):
        """The fourth word by the format's guide: residual in the low byte, cameras in the high one."""
        content = export("c3d")[0].read_bytes()
        (count,) = struct.unpack_from("<H", content, 2)
        scale, start = struct.unpack_from("<fH", content, 12)
        words = np.frombuffer(content, "<f4", FRAMES * count * 4, (start - 1) * 512).reshape(FRAMES, count, 4)[..., 3]
        words = words.astype(int)
        assert (words[FILLED] == 0).all()
        measured = words[FILLED + 1, :26]
        np.testing.assert_allclose((measured & 255) * -scale, 4 + np.arange(26), atol=-scale)
        assert (measured >> 8 == 0b11).all()

    def test_long_trials_and_many_markers(self, tmp_path):
        """More than 65,535 frames and 255 markers are beyond the header's and the lists' own numbers."""
        import ezc3d

        from kineograph.exports._c3d_file import C3dMarkers, c3d_bytes

        for frames, count in ((65_600, 1), (3, 300)):
            labels = tuple(f"M{index}" for index in range(count))
            position = np.arange(frames * count * 3, dtype=float).reshape(frames, count, 3) % 977
            spread, cameras = np.ones((frames, count)), np.ones((frames, count, 9), bool)
            path = tmp_path / "large.c3d"
            path.write_bytes(c3d_bytes(C3dMarkers(labels, position, spread, cameras, "mm", 60.0, {})))
            read = ezc3d.c3d(str(path))
            assert read["data"]["points"].shape == (4, count, frames)
            np.testing.assert_allclose(read["data"]["points"][:3].transpose(2, 1, 0), position, atol=1e-4)


class TestTables:
    @pytest.mark.parametrize("name", ["csv", "parquet"])
    def test_pandas_reads_the_points(self, name, export, expected):
        import pandas as pd

        names, position = expected
        table = (pd.read_csv if name == "csv" else pd.read_parquet)(export(name)[1])
        assert list(table["point"][: len(names)]) == list(names)
        read = table[["x_m", "y_m", "z_m"]].to_numpy().reshape(FRAMES, len(names), 3)
        np.testing.assert_allclose(read, position, atol=1e-8)
        np.testing.assert_allclose(table["time_s"].to_numpy()[:: len(names)], np.arange(FRAMES) / FPS_HZ, atol=1e-9)
        assert set(table["origin"]) == {"triangulated", "interpolated", "missing"}
        assert table["sd_m"].isna().sum() == (GAP.stop - GAP.start) + len(names)

    @pytest.mark.parametrize("name", ["csv", "parquet"])
    def test_pandas_reads_the_angles(self, name, export, files):
        import pandas as pd

        table = (pd.read_csv if name == "csv" else pd.read_parquet)(export(name)[0])
        found = exported.coordinates(files["model"][0])
        knee = found.names.index("knee_angle_r")
        np.testing.assert_allclose(table["knee_angle_r_deg"], np.degrees(found.values[:, knee]), rtol=1e-8)
        assert table["knee_angle_r_deg"].isna().to_numpy().nonzero()[0].tolist() == list(UNSOLVED)
        np.testing.assert_allclose(table["knee_angle_r_sd_deg"].dropna(), np.degrees(0.02))
        assert table["mtp_angle_r_sd_deg"].isna().all()
        assert "pelvis_tx_m" in table

    def test_cells_without_a_value_are_empty(self, export):
        row = list(csv.DictReader(io.StringIO(export("csv")[0].read_text())))[UNSOLVED[0]]
        assert row["knee_angle_r_deg"] == ""


def test_opensim_reads_the_storage(export, files):
    """OpenSim's own table reader, in degrees and with the frames that were solved."""
    import opensim

    table = opensim.TimeSeriesTable(str(export("sto")[0]))
    found = exported.coordinates(files["model"][0])
    solved = np.delete(np.arange(FRAMES), UNSOLVED)
    assert table.getNumRows() == len(solved)
    assert table.getTableMetaDataAsString("inDegrees") == "yes"
    knee = table.getDependentColumn("knee_angle_r").to_numpy()
    np.testing.assert_allclose(knee, np.degrees(found.values[solved, found.names.index("knee_angle_r")]), atol=1e-7)
    np.testing.assert_allclose(table.getIndependentColumn(), found.time_s[solved], atol=1e-8)


@pytest.fixture(scope="module")
def truth(files):
    """Joint centres by OpenSim itself: names of bodies, positions (F, J, 3) of the solved frames."""
    import opensim

    found = exported.coordinates(files["model"][0])
    model = opensim.Model(str(files["model"][0]))
    state = model.initSystem()
    joints = [model.getJointSet().get(index) for index in range(model.getJointSet().getSize())]
    names = tuple(joint.getChildFrame().findBaseFrame().getName() for joint in joints)
    solved = np.delete(np.arange(FRAMES), UNSOLVED)
    places = np.empty((len(solved), len(joints), 3))
    for row, frame in enumerate(solved):
        for name, value in zip(found.names, found.values[frame], strict=True):
            coordinate = model.getCoordinateSet().get(name)
            if not coordinate.getDefaultLocked():
                coordinate.setValue(state, float(value), False)
        model.realizePosition(state)
        for index, joint in enumerate(joints):
            place = joint.getChildFrame().getPositionInGround(state)
            places[row, index] = [place.get(axis) for axis in range(3)]
    return names, solved, places


def in_the_room(motion):
    """Where the joints are, (F, J, 3), m."""
    places, turns = np.empty_like(motion.translation_m), np.empty_like(motion.rotation)
    for joint, parent in enumerate(motion.parents):
        if parent == ROOT:
            places[:, joint], turns[:, joint] = motion.translation_m[:, joint], motion.rotation[:, joint]
            continue
        shift = np.einsum("fij,fj->fi", turns[:, parent], motion.translation_m[:, joint])
        places[:, joint] = places[:, parent] + shift
        turns[:, joint] = turns[:, parent] @ motion.rotation[:, joint]
    return places


class TestSkeletons:
    def test_joints_are_where_opensim_has_them(self, files, truth):
        """To 1e-9 m; unsolved frames keep the pose before."""
        names, solved, places = truth
        motion = joint_motion(exported.subject(files, PERSON))
        order = [motion.names.index(name) for name in names]
        found = in_the_room(motion)
        np.testing.assert_allclose(found[solved][:, order], places, atol=1e-9)
        assert np.flatnonzero(~motion.solved).tolist() == list(UNSOLVED)
        np.testing.assert_array_equal(found[20], found[19])
        np.testing.assert_array_equal(found[0], found[2])

    def test_a_bvh_reader_finds_the_joints(self, export, truth):
        """A parser and forward kinematics of the test's own: 2.2 mm at most, below the knees, whose shift BVH leaves out."""
        names, solved, places = truth
        found, rate = read_bvh(export("bvh")[0].read_text())
        assert rate == pytest.approx(FPS_HZ, rel=1e-6)
        error = np.stack([np.linalg.norm(found[name][solved] - places[:, names.index(name)], axis=1) for name in names])
        assert error.max() < 0.005
        assert error[names.index("femur_r")].max() < 1e-6
        assert error[names.index("hand_r")].max() < 1e-6

    def test_a_gltf_reader_finds_the_joints(self, export, truth):
        names, solved, places = truth
        found, times, description = read_glb(export("glb")[0].read_bytes())
        np.testing.assert_allclose(times, solved / FPS_HZ, atol=1e-6)
        for index, name in enumerate(names):
            np.testing.assert_allclose(found[name], places[:, index], atol=1e-5)
        assert description["animations"][0]["extras"]["unsolved_frames"] == list(UNSOLVED)
        assert description["animations"][0]["extras"]["frame_rate_hz"] == pytest.approx(FPS_HZ)

    def test_the_mesh_of_the_bones_is_at_the_joints(self, export):
        """Each bone begins at its joint in the resting pose, ends at a child of it or has none, and all corners are used."""
        content = export("glb")[0].read_bytes()
        _, _, description = read_glb(content)
        primitive = description["meshes"][0]["primitives"][0]
        corners = accessor(content, description, primitive["attributes"]["POSITION"])
        owners = accessor(content, description, primitive["attributes"]["JOINTS_0"])[:, 0]
        inverse = accessor(content, description, description["skins"][0]["inverseBindMatrices"]).reshape(-1, 4, 4)
        joints = -inverse[:, 3, :3]
        np.testing.assert_allclose(corners[::6], joints[owners[::6]], atol=1e-6)
        for owner, tip in zip(owners[5::6], corners[5::6], strict=True):
            children = description["nodes"][owner].get("children", [])
            assert not children or np.abs(joints[children] - tip).max(axis=1).min() < 1e-6
        assert set(owners) == set(range(len(joints)))
        assert set(accessor(content, description, primitive["indices"]).ravel()) == set(range(len(corners)))


def read_bvh(text):
    """The joints' positions, m, by name, and the frame rate."""
    head, _, motion = text.partition("MOTION")
    stack, joints, channels = [], {}, []
    for line in head.splitlines():
        words = line.split()
        if words[:1] in (["ROOT"], ["JOINT"]):
            parent = stack[-1] if stack else None
            joints[words[1]] = {"parent": parent}
            stack.append(words[1])
        elif words[:1] == ["End"]:
            stack.append(None)
        elif words[:1] == ["OFFSET"] and stack[-1]:
            joints[stack[-1]]["offset"] = np.array(words[1:], float) / 100
        elif words[:1] == ["CHANNELS"]:
            assert int(words[1]) == len(words) - 2
            channels += [(stack[-1], word) for word in words[2:]]
        elif words[:1] == ["}"]:
            stack.pop()
    lines = motion.strip().splitlines()
    values = np.array([line.split() for line in lines[2:]], float)
    assert len(values) == int(lines[0].split()[1])
    assert values.shape[1] == len(channels)
    places, turns = {}, {}
    for name, joint in joints.items():
        shift, turn = np.tile(joint["offset"], (len(values), 1)), np.tile(np.eye(3), (len(values), 1, 1))
        for column, (owner, channel) in enumerate(channels):
            if owner != name:
                continue
            axis = "XYZ".index(channel[0])
            if channel.endswith("position"):
                shift[:, axis] = values[:, column] / 100
                continue
            cosine, sine = np.cos(np.radians(values[:, column])), np.sin(np.radians(values[:, column]))
            one, other = (axis + 1) % 3, (axis + 2) % 3
            step = np.tile(np.eye(3), (len(values), 1, 1))
            step[:, one, one], step[:, other, other], step[:, one, other], step[:, other, one] = (
                cosine,
                cosine,
                -sine,
                sine,
            )
            turn = turn @ step
        above = joint["parent"]
        places[name] = shift if above is None else places[above] + np.einsum("fij,fj->fi", turns[above], shift)
        turns[name] = turn if above is None else turns[above] @ turn
    return places, 1 / float(lines[1].split()[2])


def read_glb(content):
    """The joints' positions at the animation's keys, by name, the keys' times, and the description."""
    magic, version, length = struct.unpack_from("<4sII", content)
    assert (magic, version, length) == (b"glTF", 2, len(content))
    size, kind = struct.unpack_from("<I4s", content, 12)
    assert kind == b"JSON"
    description = json.loads(content[20 : 20 + size])
    nodes = description["nodes"]
    parent = {child: index for index, node in enumerate(nodes) for child in node.get("children", [])}
    animation = description["animations"][0]
    tracks = {}
    for channel in animation["channels"]:
        sampler = animation["samplers"][channel["sampler"]]
        times = accessor(content, description, sampler["input"]).ravel()
        tracks[channel["target"]["node"], channel["target"]["path"]] = accessor(content, description, sampler["output"])
    matrices, places = {}, {}
    for index in description["skins"][0]["joints"]:
        node = nodes[index]
        matrix = np.tile(np.eye(4), (len(times), 1, 1))
        x, y, z, w = tracks[index, "rotation"].T
        matrix[:, :3, :3] = np.moveaxis(
            np.array(
                [
                    [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                    [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                    [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
                ]
            ),
            2,
            0,
        )
        matrix[:, :3, 3] = tracks.get((index, "translation"), node["translation"])
        matrices[index] = matrices[parent[index]] @ matrix if index in parent else matrix
        places[node["name"]] = matrices[index][:, :3, 3]
    return places, times, description


def accessor(content, description, number):
    """The values of an accessor."""
    (size,) = struct.unpack_from("<I", content, 12)
    start = 20 + size + 8
    item = description["accessors"][number]
    view = description["bufferViews"][item["bufferView"]]
    kind = {5126: "<f4", 5123: "<u2"}[item["componentType"]]
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}[item["type"]]
    values = np.frombuffer(content, kind, item["count"] * width, start + view["byteOffset"]).reshape(-1, width)
    if "min" in item:
        np.testing.assert_allclose(values.min(axis=0), item["min"])
        np.testing.assert_allclose(values.max(axis=0), item["max"])
    return values.astype(float) if kind == "<f4" else values


def test_openpose_files_say_who_is_who(export, tmp_path):
    """Read back by the reader of OpenPose's files; ids by the association, in the camera's own frames."""
    with zipfile.ZipFile(export("openpose")[0]) as archive:
        archive.extractall(tmp_path)
    given = exported.camera("cam02")
    read = openpose_reader.read(tmp_path / "cam02_json")
    assert read.position_px.shape == given.position_px.shape
    found = given.confidence[1] > 0
    np.testing.assert_allclose(read.position_px[1][found], given.position_px[1][found], atol=1e-3)
    np.testing.assert_allclose(read.confidence[1], given.confidence[1], atol=1e-5)
    first = json.loads((tmp_path / "cam02_json" / "cam02_000000000001_keypoints.json").read_text())
    assert [person["person_id"] for person in first["people"]] == [[-1], [-1]]  # before the common clock begins
    later = json.loads((tmp_path / "cam02_json" / "cam02_000000000003_keypoints.json").read_text())
    assert [person["person_id"] for person in later["people"]] == [[1], [0]]


def test_movement_files_hold_netcdf_axes(export):
    """As HDF5, by the axes' own names; xarray and movement 0.15 read it too (checked by hand: they are no part of the tests)."""
    import h5py

    points = exported.points()
    with h5py.File(export("movement")[0]) as file:
        position = file["position"]
        assert [dict(dim.items()) != {} and next(iter(dim)) for dim in position.dims] == [
            "time", "space", "keypoints", "individuals"
        ]  # fmt: skip
        np.testing.assert_array_equal(position[()], points.position_m.transpose(0, 3, 2, 1))
        assert [name.decode() for name in file["individuals"][()]] == list(PEOPLE)
        assert [name.decode() for name in file["space"][()]] == ["x", "y", "z"]
        assert (file.attrs["fps"], file.attrs["ds_type"]) == (FPS_HZ, b"poses")


class TestBids:
    def test_names_and_columns_are_those_of_the_schema(self, export):
        """By the BIDS schema (bidsschematools); the official validator 3.0.2 has no error (checked by hand)."""
        from bidsschematools.schema import load_schema

        schema = load_schema()
        with zipfile.ZipFile(export("bids")[0]) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        stem = "sub-P1a/ses-S1/motion/sub-P1a_ses-S1_task-walk01_tracksys-kineograph"
        rule = schema["rules"]["files"]["raw"]["motion"]["motion"]
        entities = {entity["name"] for entity in schema["objects"]["entities"].values()}
        assert set(re.findall(r"(?:^|_)([a-z]+)-", stem.rpartition("/")[2])) <= entities
        assert {"sub", "task", "tracksys"} <= set(re.findall(r"(?:^|_)([a-z]+)-", stem.rpartition("/")[2]))
        assert {f"{stem}_motion{ending}" for ending in rule["extensions"]} <= set(files)
        wanted = schema["rules"]["tabular_data"]["motion"]["motionChannels"]["initial_columns"]
        header, *rows = files[f"{stem}_channels.tsv"].decode().splitlines()
        assert header.split("\t")[: len(wanted)] == [schema["objects"]["columns"][name]["name"] for name in wanted]
        sidecar = json.loads(files[f"{stem}_motion.json"])
        required = [
            name
            for group in schema["rules"]["sidecars"]["motion"].values()
            for name, level in group["fields"].items()
            if (level if isinstance(level, str) else level["level"]) == "required"
        ]
        assert set(required) <= set(sidecar)
        assert set(sidecar) <= set(schema["objects"]["metadata"])
        assert sidecar["SamplingFrequency"] == FPS_HZ
        assert sidecar["MotionChannelCount"] == len(rows) == sidecar["POSChannelCount"] + sidecar["JNTANGChannelCount"]
        kinds = set(schema["objects"]["columns"]["type__channels"].get("enum", [])) or {"POS", "JNTANG"}
        assert {row.split("\t")[2] for row in rows} <= kinds

    def test_the_values_are_the_results(self, export, expected):
        names, position = expected
        with zipfile.ZipFile(export("bids")[0]) as archive:
            name = next(name for name in archive.namelist() if name.endswith("motion.tsv"))
            lines = archive.read(name).decode().splitlines()
        table = np.array([[np.nan if cell == "n/a" else float(cell) for cell in line.split("\t")] for line in lines])
        np.testing.assert_allclose(table[:, : 3 * len(names)].reshape(position.shape), position, atol=1e-6)


def test_a_participant_without_angles_still_has_points(files, tmp_path):
    """The table of points is there; that of angles is empty, and the error says why."""
    module = importlib.import_module(plugin_module("exports", "csv"))
    some = exported.coordinates(files["model"][0])
    write_npz(tmp_path / "none.npz", type(some)(some.names, some.values * np.nan, some.rotational, some.time_s))
    paths = (tmp_path / "a.csv", tmp_path / "p.csv")
    with pytest.raises(InputError, match="can be exported"):
        module.write(paths, exported.subject({**files, "coordinates": (tmp_path / "none.npz",)}, PERSON))
    assert paths[1].stat().st_size > 10_000
    assert not paths[0].exists()
