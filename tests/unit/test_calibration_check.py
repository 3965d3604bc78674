"""Calibrations that can't be right: each mistake is named, with the camera to blame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kineograph.geometry.world_up import UP, turned_up
from kineograph.model.camera import Camera, Rig
from kineograph.stages.calibration_check import check_rig
from synthetic.scene import look_at, ring


def reasons(rig: Rig) -> list[tuple[str, str, str]]:
    return [(reason.verdict, reason.blame, f"{reason.text} {reason.hint}") for reason in check_rig(rig, "toml").reasons]


def scaled(rig: Rig, factor: float) -> Rig:
    return replace(rig, cameras=tuple(replace(c, translation_m=c.translation_m * factor) for c in rig.cameras))


def with_camera(rig: Rig, index: int, **changes) -> Rig:
    cameras = list(rig.cameras)
    cameras[index] = replace(cameras[index], **changes)
    return replace(rig, cameras=tuple(cameras))


def standing(rig: Rig, places) -> Rig:
    cameras = []
    for camera, place in zip(rig.cameras, places, strict=True):
        rotation = look_at(place, (0, 0, 1))
        cameras.append(replace(camera, rotation=rotation, translation_m=-rotation @ np.array(place, float)))
    return replace(rig, cameras=tuple(cameras))


def turned_world(rig: Rig, turn) -> Rig:
    return replace(rig, cameras=tuple(replace(c, rotation=c.rotation @ np.array(turn, float)) for c in rig.cameras))


@pytest.mark.parametrize("cameras", [3, 4, 8])
def test_good_rings_pass(cameras):
    assert reasons(ring(cameras)) == []


def test_good_rigs_of_other_shapes_pass():
    assert reasons(standing(ring(3), [(-2, -5, 1), (0, -6, 1.5), (2, -5, 1)])) == []  # all on one side
    portrait = [replace(c, rotation=np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]]) @ c.rotation) for c in ring(4).cameras]
    assert reasons(replace(ring(4), cameras=tuple(portrait))) == []  # cameras turned by a quarter
    assert reasons(scaled(ring(4), 10)) == []  # a sports hall


def test_millimetres_read_as_metres():
    found = reasons(scaled(ring(4), 1000))
    assert [item[:2] for item in found] == [("fail", f"camera cam0{n}") for n in range(1, 5)]
    assert all("millimetres" in item[2] for item in found)


def test_centimetres_read_as_metres():
    assert {item[0] for item in reasons(scaled(ring(4), 100))} == {"fail"}
    assert {item[0] for item in reasons(scaled(ring(4), 20))} == {"warn"}


def test_metres_read_as_millimetres_are_one_reason_that_names_all_cameras():
    ((verdict, blame, text),) = reasons(scaled(ring(4), 0.001))
    assert verdict == "fail"
    assert blame == "cameras cam01, cam02, cam03, cam04"
    assert "within 8" in text
    assert "calibration.unit" in text


def test_a_rig_as_small_as_a_hand_is_doubted():
    ((verdict, _, text),) = reasons(scaled(ring(4), 0.03))
    assert verdict == "warn"
    assert "within 240 mm" in text


def test_a_mirrored_camera():
    rig = ring(4)
    found = reasons(with_camera(rig, 2, rotation=np.diag([-1.0, 1, 1]) @ rig.cameras[2].rotation))
    assert found[0][:2] == ("fail", "camera cam03")
    assert "mirrored (determinant -1)" in found[0][2]


def test_a_sheared_rotation():
    shear = np.array([[1.0, 0.1, 0], [0, 1, 0], [0, 0, 1]])  # its determinant is 1
    found = reasons(with_camera(ring(4), 0, rotation=shear @ ring(4).cameras[0].rotation))
    assert found[0][:2] == ("fail", "camera cam01")
    assert "shears" in found[0][2]


def test_a_rotation_from_camera_to_world():
    """The usual mistake of an own conversion: the camera then looks away from the others' place, or lies on its side."""
    for index, camera in enumerate(ring(4).cameras):
        turned = with_camera(
            ring(4), index, rotation=camera.rotation.T, translation_m=-camera.rotation.T @ camera.position_m
        )
        found = [item for item in reasons(turned) if "looks away" in item[2]]
        facing = camera.rotation.T[2] @ -camera.position_m
        assert bool(found) == (facing < 0)
        assert all(item[1] == f"camera {camera.name}" for item in found)


def test_a_camera_that_looks_away():
    camera = ring(4).cameras[1]
    back = np.diag([-1.0, 1.0, -1.0]) @ camera.rotation
    ((verdict, blame, text),) = reasons(with_camera(ring(4), 1, rotation=back, translation_m=-back @ camera.position_m))
    assert (verdict, blame) == ("warn", "camera cam02")
    assert "looks away" in text


def test_all_cameras_in_one_line():
    found = reasons(standing(ring(3), [(-2, -5, 1), (0, -5, 1.02), (2, -5, 1)]))
    assert [(item[0], item[1]) for item in found] == [("warn", "cameras cam01, cam02, cam03")]
    assert "in one line" in found[0][2]


def test_two_cameras_in_one_place():
    first = ring(4).cameras[0]
    found = reasons(with_camera(ring(4), 3, rotation=first.rotation, translation_m=first.translation_m))
    assert found[0][:2] == ("fail", "camera cam04")
    assert "same place (0 mm apart)" in found[0][2]


def test_two_cameras_only_and_fewer():
    ((verdict, blame, text),) = reasons(ring(2))
    assert (verdict, blame) == ("warn", "cameras cam01, cam02")
    assert "only cam01 and cam02" in text
    ((verdict, blame, text),) = reasons(Rig(ring(2).cameras[:1]))
    assert verdict == "fail"
    assert "only cam01" in text
    assert reasons(Rig(()))[0][0] == "fail"


def test_a_world_that_is_not_upright():
    # as a world that is the second camera's: its z is where that camera looks
    in_front = standing(ring(3), [(-1, -5, 1), (0, -6, 1.4), (1, -5, 1)])
    found = reasons(turned_world(in_front, in_front.cameras[1].rotation.T))
    assert [(item[0], item[1]) for item in found] == [("warn", "cameras cam01, cam02, cam03")]
    assert "z axis is not up" in found[0][2]
    assert "stand, -y is" in found[0][2]


@pytest.mark.parametrize("axis", sorted(set(UP) - {"z"}))
@pytest.mark.parametrize("height_m", [1.2, 2.2, 5.0])
@pytest.mark.parametrize("cameras", [2, 4, 7])
def test_the_axis_that_is_up_is_named_and_turns_the_world_back(axis, height_m, cameras):
    good = ring(cameras, height_m=height_m)
    turned = turned_world(good, UP[axis])
    texts = [text for _, _, text in reasons(turned) if "not up" in text]
    assert len(texts) == 1
    assert f"stand, {axis} is" in texts[0]
    assert f"set calibration.world_up to {axis} " in texts[0]
    back = turned_up(turned, axis)
    assert all(np.abs(a.rotation - b.rotation).max() < 1e-12 for a, b in zip(good.cameras, back.cameras, strict=True))


def test_turns_are_rotations_and_none_for_z():
    assert all(np.linalg.det(turn) == 1 and np.array_equal(turn @ turn.T, np.eye(3)) for turn in UP.values())
    rig = ring(3)
    assert turned_up(rig, "z") is rig


def test_a_world_that_is_a_camera_looking_steeply_down_has_no_axis_up():
    steep = ring(4, height_m=4.5)
    found = reasons(turned_world(steep, steep.cameras[1].rotation.T))
    assert "no axis is up" in found[0][2]


def test_a_camera_on_the_ceiling_and_one_on_its_side_do_not_hide_it():
    quarter = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    rig = standing(ring(6), [(-4, -4, 1.5), (4, -4, 1.5), (4, 4, 1.5), (-4, 4, 1.5), (0.01, 0, 5), (0, 6, 1)])
    rig = with_camera(rig, 5, rotation=quarter @ rig.cameras[5].rotation)
    assert not [text for _, _, text in reasons(rig) if "not up" in text]
    assert any("stand, y is" in text for _, _, text in reasons(turned_world(rig, UP["y"])))


def test_stretched_pixels():
    rig: Rig = ring(3)
    camera: Camera = rig.cameras[0]
    found = reasons(with_camera(rig, 0, intrinsics=np.diag([0.75, 1, 1]) @ camera.intrinsics))
    assert ("warn", "camera cam01") in [item[:2] for item in found]
    assert any("0.75 times" in item[2] for item in found)
