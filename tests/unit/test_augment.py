"""Markers that networks place: against the reference, in any heading, and when they had better not be used."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from kineograph.catalog.augmenters import read_augmenter_card
from kineograph.cli._augmented import setup_of_model, setup_of_points
from kineograph.errors import InputError
from kineograph.geometry.stature import stature_m
from kineograph.io.npz import write_npz
from kineograph.io.trc import read_trc
from kineograph.model.points import Origin, Points3D
from kineograph.pose.marker_network import MarkerNetwork
from kineograph.stages.augment import AugmentSettings, Person, augment
from synthetic.scene import walker

FPS_HZ = 60.0
WORLD_OF_NETWORK = (2, 0, 1)


@pytest.fixture(scope="module")
def card(resources):
    return read_augmenter_card("opencap_lstm", resources / "augmenters")


@pytest.fixture(scope="module")
def networks(card, fetched):
    folder = fetched(card.asset)
    return [
        MarkerNetwork(folder / item.folder, 3 * len(item.inputs) + 2, 3 * len(item.outputs)) for item in card.networks
    ]


def points_of(names, position_m, skeleton="halpe26", sd_m=0.01):
    """Points (F, K, 3) or (F, P, K, 3) of that uncertainty."""
    position = position_m if position_m.ndim == 4 else position_m[:, None]
    shape = position.shape[:3]
    there = np.isfinite(position).all(axis=-1)
    return Points3D(
        tuple(f"P{n + 1}" for n in range(shape[1])), tuple(names), ("a", "b"), skeleton, position,
        np.where(there[..., None, None], sd_m**2 * np.eye(3), np.nan), np.ones(shape), np.ones((*shape, 2), bool),
        np.where(there, Origin.TRIANGULATED, Origin.MISSING), np.arange(shape[0]) / FPS_HZ, FPS_HZ,
    )  # fmt: skip


@pytest.fixture
def halpe26(skeletons):
    return skeletons("halpe26")


@pytest.fixture
def walk(halpe26):
    return points_of(halpe26.keypoints, walker(halpe26, velocity_m_s=(0.8, 0.3))(np.arange(90) / FPS_HZ))


@pytest.fixture
def told(halpe26, card, networks):
    """Augment points of known people."""

    def ask(points, people=None, **settings):
        known = {name: Person(1.75, 70.0) for name in points.participants} if people is None else people
        return augment(points, halpe26, card, networks, known, AugmentSettings(card.name, **settings))

    return ask


def markers(points, card, person=0):
    return points.position_m[:, person, [points.names.index(name) for name in card.outputs]]


def knowing(card, place):
    """Networks that put each marker near the keypoint that it has to be near, moved by `place` of their name."""

    def network(item):
        def ask(features):
            height = features[..., -2:-1]
            out = np.zeros((*features.shape[:2], len(item.outputs), 3))
            for joint, parts in item.near.items():
                where = features[..., 3 * item.inputs.index(joint) : 3 * item.inputs.index(joint) + 3]
                for part in parts:
                    out[:, :, item.outputs.index(part)] = where + place.get(item.name, 0.0) / height
            return out.reshape(*features.shape[:2], -1)

        return ask

    return [network(item) for item in card.networks]


def test_the_references_markers_come_out(reference, card, networks, skeletons):
    """Pose2Sim's own, from its own keypoints: 0.0 mm off; its feet were set on the floor with all the rest."""
    trc = read_trc(reference / "balancing_single" / "expected" / "augmented.trc")
    skeleton = skeletons("body25b")
    keypoints = [name for name in trc.names if name in skeleton.keypoints]
    position = np.full((100, len(skeleton.keypoints), 3), np.nan)
    for name in keypoints:
        position[:, skeleton.index(name)] = trc.position_m[:, trc.names.index(name)][:, WORLD_OF_NETWORK]
    points = points_of(skeleton.keypoints, position, "body25b")
    result, report = augment(
        points, skeleton, card, networks, {"P1": Person(1.72, 70.0)}, AugmentSettings(card.name, headings=1, samples=0)
    )
    expected = np.stack([trc.position_m[:, trc.names.index(name)] for name in card.outputs], axis=1)
    assert np.abs(markers(result, card) - expected[..., WORLD_OF_NETWORK]).max() < 1e-5
    averaged, _ = augment(points, skeleton, card, networks, {"P1": Person(1.72, 70.0)}, AugmentSettings(card.name))
    apart = np.linalg.norm(markers(averaged, card) - expected[..., WORLD_OF_NETWORK], axis=-1)
    assert np.median(apart) < 0.008  # 5 mm: what the room's axes change
    assert set(report.came_out["augmented"]["P1"]) == {"lower body", "arms"}


def test_nothing_depends_on_how_the_rooms_axes_lie(walk, told, card):
    """Turned by 20 degrees: within 0.9 mm, rms, with eight headings, and 9.2 mm with one."""
    cosine, sine = np.cos(np.radians(20)), np.sin(np.radians(20))
    turn = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    turned = dataclasses.replace(walk, position_m=walk.position_m @ turn.T)
    for headings, most_m, least_m in ((8, 0.001, 0.0), (1, 0.1, 0.002)):
        here, there = (markers(told(item, headings=headings, samples=0)[0], card) for item in (walk, turned))
        apart = np.sqrt(np.square(np.linalg.norm(here @ turn.T - there, axis=-1)).mean())
        print(headings, apart)
        assert least_m <= apart <= most_m


def test_two_people_are_told_as_each_alone(walk, told, card, halpe26):
    other = walker(halpe26, start_m=(1.0, 2.0), phase=1.0)(np.arange(90) / FPS_HZ)
    both = points_of(halpe26.keypoints, np.stack([walk.position_m[:, 0], other], axis=1))
    together, report = told(both, samples=0)
    assert set(report.came_out["augmented"]) == {"P1", "P2"}
    assert np.allclose(markers(together, card), markers(told(walk, samples=0)[0], card), atol=1e-5)


def test_what_is_new_is_marked_and_the_keypoints_stay(walk, told, card):
    result, _ = told(walk)
    count = len(walk.names)
    assert result.names == (*walk.names, *card.outputs)
    assert (result.position_m[:, :, :count] == walk.position_m)[np.isfinite(walk.position_m)].all()
    assert (result.origin[:, :, count:] == Origin.AUGMENTED).all()
    assert not result.measured[:, :, count:].any()


def test_the_uncertainty_grows_with_that_of_the_keypoints(walk, told, card):
    def deviation_m(sd_m, **settings):
        given = dataclasses.replace(walk, covariance_m2=walk.covariance_m2 * (sd_m / 0.01) ** 2)
        covariance = told(given, **settings)[0].covariance_m2[:, 0, -len(card.outputs) :]
        assert (np.linalg.eigvalsh(covariance) > -1e-12).all()
        return float(np.sqrt(np.trace(covariance, axis1=-2, axis2=-1).mean()))

    assert deviation_m(0.02, headings=1) > 1.5 * deviation_m(0.01, headings=1) > 0
    assert deviation_m(0.01, headings=1, samples=0) == 0
    assert deviation_m(0.01, headings=4, samples=0) > 0.002  # that the heading matters is an uncertainty of its own


def test_the_same_comes_out_twice(walk, told):
    assert told(walk)[0].covariance_m2.tobytes() == told(walk)[0].covariance_m2.tobytes()


class TestSteppingAside:
    def test_without_small_toes_in_the_skeleton(self, card, networks, skeletons):
        blazepose = skeletons("blazepose")
        points = points_of(blazepose.keypoints, np.zeros((20, 33, 3)), "blazepose")
        result, report = augment(points, blazepose, card, networks, {}, AugmentSettings(card.name))
        assert result is points
        assert "LSmallToe, RSmallToe" in report.reasons[0].text and report.verdict == "warn"

    def test_without_feet_in_most_frames(self, walk, told):
        position = walk.position_m.copy()
        position[10:, 0, walk.names.index("LHeel")] = np.nan
        result, report = told(dataclasses.replace(walk, position_m=position))
        assert result.names == walk.names
        assert report.reasons[0].blame == "keypoint LHeel"

    def test_without_a_height_that_anything_tells(self, walk, told):
        position = walk.position_m.copy()
        position[:, 0, walk.names.index("Head")] = np.nan
        result, report = told(dataclasses.replace(walk, position_m=position), people={})
        assert result.names == walk.names
        assert "height" in report.reasons[0].text

    def test_without_frames(self, walk, told):
        none = points_of(walk.names, np.zeros((0, len(walk.names), 3)))
        result, report = told(none)
        assert result is none and report.verdict == "warn"

    def test_where_the_answer_does_not_fit_the_joints(self, walk, card, halpe26):
        def ask(**place):
            networks = knowing(card, {name.replace("_", " "): value for name, value in place.items()})
            return augment(walk, halpe26, card, networks, {"P1": Person(1.75, 70.0)}, AugmentSettings(card.name))

        assert set(ask()[1].came_out["augmented"]["P1"]) == {"lower body", "arms"}
        result, report = ask(arms=0.2)
        assert set(report.came_out["augmented"]["P1"]) == {"lower body"}
        assert np.isnan(markers(result, card)[:, card.outputs.index("r_lelbow_study")]).all()
        result, report = ask(lower_body=0.2)  # without the required ones, no arms either
        assert result.names == walk.names
        assert report.reasons[0].blame.startswith("keypoint") and "mm from it" in report.reasons[0].text


def test_a_few_frames_without_a_heel_have_no_markers_and_the_others_do(walk, told, card):
    position = walk.position_m.copy()
    position[40:45, 0, walk.names.index("LHeel")] = np.nan
    result, report = told(dataclasses.replace(walk, position_m=position))
    knees = np.isfinite(markers(result, card)[:, card.outputs.index("r_knee_study"), 0])
    assert np.flatnonzero(~knees).tolist() == list(range(40, 45))
    assert any(reason.blame == "frame 40" for reason in report.reasons)


def test_raised_arms_are_pointed_out(walk, told):
    position = walk.position_m.copy()
    for side in "RL":
        for name, up in (("Elbow", 0.3), ("Wrist", 0.55)):
            position[:, 0, walk.names.index(side + name)] = position[:, 0, walk.names.index(side + "Shoulder")] + [
                0,
                0,
                up,
            ]
    _, report = told(dataclasses.replace(walk, position_m=position))
    assert any("over the head" in reason.text for reason in report.reasons)
    assert not any("over the head" in reason.text for reason in told(walk)[1].reasons)


@pytest.mark.parametrize("height_m", [1.5, 1.75, 2.0])
def test_a_height_is_told_by_the_keypoints(halpe26, height_m):
    """2 % too small at each size."""
    position = walker(halpe26, height_m=height_m)(np.arange(60) / FPS_HZ)
    assert stature_m(halpe26.keypoints, position) == pytest.approx(height_m, rel=0.05)
    assert np.isnan(stature_m(halpe26.keypoints, position * 1000))  # millimetres as metres


def test_a_folder_without_a_network_is_an_error(tmp_path):
    with pytest.raises(InputError, match="marker network"):
        MarkerNetwork(tmp_path, 47, 105)


def test_a_card_without_networks_is_an_error(tmp_path):
    (tmp_path / "mine.toml").write_text('name = "mine"\n')
    with pytest.raises(InputError, match="augmenter card"):
        read_augmenter_card("mine", tmp_path)
    with pytest.raises(InputError, match="no augmenter"):
        read_augmenter_card("opencap", tmp_path)


def test_the_set_up_follows_the_markers(walk, told, card, tmp_path):
    files = []
    for name, item in (("a", told(walk)[0]), ("b", walk)):
        files.append(tmp_path / f"{name}.npz")
        write_npz(files[-1], item)
    assert setup_of_points(files[:1], "P1").markers == "Markers_LSTM.xml"
    assert setup_of_points(files, "P1") is None  # one trial without brings all back
    assert setup_of_points(files[:1], "P2") is None
    model = tmp_path / "model.osim"
    model.write_text("<o>" + "".join(f'<Marker name="{name}"/>' for name in card.outputs) + "</o>")
    assert setup_of_model(model).inverse_kinematics == "IK_Setup_Pose2Sim_withHands_LSTM.xml"
    model.write_text('<o><Marker name="RKnee"/></o>')
    assert setup_of_model(model) is None
