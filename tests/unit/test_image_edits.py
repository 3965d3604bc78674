"""Crops, resizes and turns that are declared, by what the same points of the room look like in the edited images."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from kineograph.calibration_formats import toml
from kineograph.cli.__main__ import main
from kineograph.errors import InputError
from kineograph.geometry.projection import project
from kineograph.geometry.world_up import UP
from kineograph.model.camera import Rig
from kineograph.stages.image_edits import edit_images
from kineograph.stages.inspect import check_size
from synthetic.scene import ring

POINTS_M = np.random.default_rng(3).uniform(-1.5, 1.5, (50, 3))


def seen(rig) -> dict[str, np.ndarray]:
    return {camera.name: project(camera, POINTS_M) for camera in rig.cameras}


def test_a_crop_moves_the_picture_and_nothing_else():
    """Measured: 1.1e-13 px."""
    rig = ring(3)
    cropped = edit_images(rig, {"cam02": {"left_px": 240, "top_px": 60, "width_px": 1440, "height_px": 900}})
    before, after = seen(rig), seen(cropped)
    assert cropped["cam02"].size_px == (1440, 900)
    assert np.abs(after["cam02"] - (before["cam02"] - [240, 60])).max() < 1e-9
    assert [cropped[name] is rig[name] for name in rig.names] == [True, False, True]


def test_a_scale_for_all_and_a_crop_for_one_go_together():
    """The crop counts in the calibrated image, the scale comes after it. Measured: 5.7e-14 px."""
    rig = ring(3)
    edited = edit_images(rig, {"*": {"scale": 0.5}, "Cam-1": {"left_px": 480, "width_px": 960}})
    before, after = seen(rig), seen(edited)
    assert [camera.size_px for camera in edited.cameras] == [(480, 540), (960, 540), (960, 540)]
    assert np.abs(after["cam01"] - ((before["cam01"] - [480, 0] + 0.5) * 0.5 - 0.5)).max() < 1e-9
    assert np.abs(after["cam03"] - ((before["cam03"] + 0.5) * 0.5 - 0.5)).max() < 1e-9


@pytest.mark.parametrize(("degrees", "turns"), [(90, 3), (180, 2), (270, 1)])
def test_a_turn_moves_points_as_it_moves_pictures(degrees, turns):
    """A picture of dots, turned by numpy: lens distortion, tangential too, turns with it. Measured: 1e-12 px."""
    camera = ring(3, distortion=(-0.1, 0.05, 0.02, -0.03)).cameras[0]
    turned = edit_images(Rig((camera,)), {"*": {"turn_deg": degrees}}).cameras[0]
    before, after = project(camera, POINTS_M), project(turned, POINTS_M)
    width, height = camera.size_px
    assert turned.size_px == ((width, height) if degrees == 180 else (height, width))
    place = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)  # each pixel holds its own place
    moved = np.rot90(place, turns)
    assert moved.shape[1::-1] == turned.size_px
    inside = ((after > 0) & (after < np.array(turned.size_px) - 1)).all(axis=1)
    assert inside.sum() > 20
    low = np.floor(after[inside]).astype(int)
    part = (after[inside] - low)[..., None]
    at = moved[low[:, 1], low[:, 0]].astype(float)
    right, down = moved[low[:, 1], low[:, 0] + 1] - at, moved[low[:, 1] + 1, low[:, 0]] - at
    assert np.abs(at + part[:, 0] * right + part[:, 1] * down - before[inside]).max() < 1e-9
    assert np.abs(turned.position_m - camera.position_m).max() < 1e-12


def test_a_turn_comes_after_the_crop_and_the_scale():
    """What a codec cut at the lower edge before the turn is left out first: else all is off by 8 px."""
    rig = ring(2, size_px=(1920, 1088))
    edited = edit_images(rig, {"*": {"height_px": 1080, "turn_deg": 90, "scale": 0.5}}).cameras[0]
    assert edited.size_px == (540, 960)
    before, after = project(rig.cameras[0], POINTS_M), project(edited, POINTS_M)
    small = (before + 0.5) * 0.5 - 0.5
    assert np.abs(after - np.stack([539 - small[:, 1], small[:, 0]], axis=1)).max() < 1e-9


def test_four_turns_of_a_fisheye_are_none():
    fisheye = replace(ring(2).cameras[0], fisheye=True)
    turned = fisheye
    for _ in range(4):
        turned = edit_images(Rig((turned,)), {"*": {"turn_deg": 90}}).cameras[0]
    assert np.array_equal(turned.distortion, fisheye.distortion)
    assert np.abs(project(turned, POINTS_M) - project(fisheye, POINTS_M)).max() < 1e-9


def test_a_cameras_own_scale_goes_before_that_of_all():
    edited = edit_images(ring(2), {"*": {"scale": 0.5, "top_px": 80}, "cam02": {"scale": 2}})
    assert [camera.size_px for camera in edited.cameras] == [(960, 500), (3840, 2000)]


@pytest.mark.parametrize("scale", [0.5, 0.25, 2.0])
def test_the_scale_is_that_of_opencvs_resize(scale):
    """A soft dot keeps its place by the formula. Measured: 4.5e-8 px; 0.25 px or more if centres scaled."""
    y, x = np.mgrid[:160, :240]
    place = np.array([101.3, 73.8])
    dot = np.exp(-((x - place[0]) ** 2 + (y - place[1]) ** 2) / (2 * 12.0**2))
    small = cv2.resize(dot, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    y, x = np.mgrid[: small.shape[0], : small.shape[1]]
    found = np.array([(small * x).sum(), (small * y).sum()]) / small.sum()
    assert np.abs(found - ((place + 0.5) * scale - 0.5)).max() < 0.01


@pytest.mark.parametrize(
    ("edits", "found"),
    [
        ({"cam9": {"scale": 2}}, "'cam9'"),
        ({"cam01": {"left_px": 1920}}, "0x1080"),
        ({"cam01": {"left_px": 1000, "width_px": 1000}}, "1000x1080 px from 1000, 0"),
        ({"*": {"height_px": 1081}}, "1920x1081"),
    ],
)
def test_an_edit_that_can_not_be_is_an_error(edits, found):
    with pytest.raises(InputError) as caught:
        edit_images(ring(2), edits)
    assert found in caught.value.found


def test_the_command_applies_them(tmp_path):
    toml.write(tmp_path / "a.toml", ring(3))
    settings = json.dumps({"format": "auto", "image_edits": {"*": {"scale": 0.5}}})
    files = ["--source", tmp_path / "a.toml", "--out", tmp_path / "b.toml", "--report", tmp_path / "b.json"]
    assert main(["calibrate", *map(str, files), "--settings", settings]) == 0
    before, after = seen(ring(3)), seen(toml.read(tmp_path / "b.toml"))
    assert all(np.abs(after[name] - ((before[name] + 0.5) * 0.5 - 0.5)).max() < 1e-9 for name in before)


def test_the_command_turns_the_world_first(tmp_path):
    """A room with y up gives the very cameras of the room with z up."""
    good = ring(3, distortion=(-0.05, 0.02, 0.0005, -0.0003, 0.0))
    y_up = replace(good, cameras=tuple(replace(c, rotation=c.rotation @ UP["y"]) for c in good.cameras))
    toml.write(tmp_path / "a.toml", y_up)
    files = ["--source", tmp_path / "a.toml", "--out", tmp_path / "b.toml", "--report", tmp_path / "b.json"]
    assert main(["calibrate", *map(str, files), "--settings", '{"world_up": "y"}']) == 0
    assert json.loads((tmp_path / "b.json").read_text())["reasons"] == []
    for one, other in zip(toml.read(tmp_path / "b.toml").cameras, good.cameras, strict=True):
        assert np.abs(one.rotation - other.rotation).max() < 1e-14
        assert np.abs(one.translation_m - other.translation_m).max() < 1e-14


def test_the_configuration_knows_their_keys(repository):
    from kineograph.errors import ConfigError
    from kineograph.settings.configuration import Configuration

    schema = repository / "workflow" / "schemas" / "config.schema.yaml"

    def section(edits):
        return Configuration({"dataset": "d", "calibration": {"image_edits": edits}}, schema).section(
            "calibration", session="S"
        )

    assert section({"*": {"scale": 2}})["image_edits"] == {"*": {"scale": 2.0}}
    for wrong, message in (
        ({"*": {"scale": 0}}, "scale"),
        ({"cam01": {"left": 3}}, "left_px"),
        ({"cam01": 3}, "cam01"),
        ({"cam01": {"turn_deg": 45}}, "turn_deg"),
    ):
        with pytest.raises(ConfigError, match=message):
            section(wrong)


def test_a_video_that_was_resized_is_told_what_to_declare():
    from kineograph.stages.inspect import InspectSettings, Recording, inspect

    def hints(size_px, calibrated=(1920, 1080)) -> list[str]:
        rig = Rig((ring(2, size_px=calibrated).cameras[0], ring(2).cameras[1]))
        recordings = [Recording("cam01", 60.0, 100, size_px), Recording("cam02", 60.0, 100, (1920, 1080))]
        _, report = inspect(recordings, rig, None, [], None, InspectSettings())
        return [report.error["hint"]]

    assert "for example {cam01: {scale: 0.666667}}" in hints((1280, 720))[0]
    assert "image_edits" in hints((1440, 1080))[0]
    assert "scale:" not in hints((1440, 1080))[0]
    assert "for example {cam01: {turn_deg: 90}} (or 270" in hints((1080, 1920))[0]
    assert "for example {cam01: {height_px: 1080, turn_deg: 90}} (or 270" in hints((1080, 1920), (1920, 1088))[0]
    assert "for example" not in hints((1088, 1920))[0]


def test_the_edit_that_is_advised_for_a_turned_video_is_taken():
    edits = {"cam01": {"height_px": 1080, "turn_deg": 270}}
    turned = edit_images(ring(2, size_px=(1920, 1088)), edits).cameras[0]
    assert turned.size_px == (1080, 1920)
    assert check_size("cam01", (1080, 1920), turned) == (None, None)
