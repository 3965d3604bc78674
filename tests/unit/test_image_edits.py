"""Crops and resizes that are declared, by what the same points of the room look like in the edited images."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from kineograph.calibration_formats import toml
from kineograph.cli.__main__ import main
from kineograph.errors import InputError
from kineograph.geometry.projection import project
from kineograph.stages.image_edits import edit_images
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
    ):
        with pytest.raises(ConfigError, match=message):
            section(wrong)


def test_a_video_that_was_resized_is_told_what_to_declare():
    from kineograph.model.camera import Rig
    from kineograph.stages.inspect import InspectSettings, Recording, inspect

    def hints(size_px) -> list[str]:
        rig = Rig(ring(2).cameras)
        recordings = [Recording("cam01", 60.0, 100, size_px), Recording("cam02", 60.0, 100, (1920, 1080))]
        _, report = inspect(recordings, rig, None, [], None, InspectSettings())
        return [report.error["hint"]]

    assert "for example {cam01: {scale: 0.666667}}" in hints((1280, 720))[0]
    assert "image_edits" in hints((1440, 1080))[0]
    assert "scale:" not in hints((1440, 1080))[0]
