from __future__ import annotations

import dataclasses
import importlib

import numpy as np
import pytest

from kineograph.calibration_formats import qualisys, toml
from kineograph.dataset.calibration_files import FOLDER
from kineograph.errors import InputError
from kineograph.geometry.projection import project
from kineograph.geometry.rotation import vector_from_matrix
from kineograph.model.camera import Rig
from kineograph.settings.plugins import plugin_literal, plugin_module, plugin_names
from kineograph.stages.calibration_check import check_rig
from kineograph.stages.image_edits import edit_images
from synthetic.scene import ring

QUALISYS_CAMERA = """
<camera active="1" serial="{name}" model="{model}">
  <fov_video left="0" top="0" right="1919" bottom="1079"/>
  <transform x="1000" y="2000" z="3000" r11="1" r12="0" r13="0" r21="0" r22="1" r23="0" r31="0" r32="0" r33="1"/>
  <intrinsic focalLengthU="64000" focalLengthV="64000" centerPointU="61440" centerPointV="34560"
   radialDistortion1="0" radialDistortion2="0" tangentalDistortion1="0" tangentalDistortion2="0"/>
</camera>"""


def qualisys_file(path, *cameras):
    path.write_text(f"<?xml version='1.0'?><calibration><cameras>{''.join(cameras)}</cameras></calibration>")
    return path


@pytest.mark.parametrize("name", plugin_names(FOLDER))
def test_every_format_says_what_its_files_look_like(name):
    assert plugin_literal(FOLDER, name, "SUFFIXES", ())
    assert plugin_literal(FOLDER, name, "MARK", "")
    assert callable(importlib.import_module(plugin_module(FOLDER, name)).read)


@pytest.mark.parametrize("name", plugin_names(FOLDER))
@pytest.mark.parametrize("content", [b"\x00\xff\x10", b"<calibration", b"[cam]\nmatrix=", b"[cam]\nmatrix = 'x'\n"])
def test_every_format_refuses_other_files_with_an_error(name, content, tmp_path):
    suffix = plugin_literal(FOLDER, name, "SUFFIXES", ())[0]
    (tmp_path / f"bad{suffix}").write_bytes(content)
    with pytest.raises(InputError, match="bad"):
        importlib.import_module(plugin_module(FOLDER, name)).read(tmp_path / f"bad{suffix}")


def test_toml_round_trip_is_exact(tmp_path):
    rig = ring(4)
    toml.write(tmp_path / "c.toml", rig)
    back = toml.read(tmp_path / "c.toml")
    assert back.names == rig.names
    for old, new in zip(rig.cameras, back.cameras, strict=True):
        assert new.size_px == old.size_px
        assert new.distortion.tolist() == [*old.distortion, 0.0]
        for name in ("intrinsics", "rotation", "translation_m"):
            assert np.abs(getattr(new, name) - getattr(old, name)).max() < 1e-14


def test_qualisys_golden(reference):
    rig = importlib.import_module(plugin_module(FOLDER, "qualisys")).read(
        reference / "balancing_single" / "Calib.qca.txt"
    )
    expected = toml.read(reference / "balancing_single" / "expected" / "calibration.toml")
    assert rig.names == expected.names
    for ours, theirs in zip(rig.cameras, expected.cameras, strict=True):
        assert ours.size_px == theirs.size_px
        assert np.abs(ours.intrinsics - theirs.intrinsics).max() < 1e-6
        assert np.abs(ours.distortion - theirs.distortion).max() < 1e-6
        assert np.abs(vector_from_matrix(ours.rotation) - vector_from_matrix(theirs.rotation)).max() < 1e-6
        assert np.abs(ours.translation_m - theirs.translation_m).max() < 1e-6


def test_qualisys_takes_video_cameras_only_in_natural_order(tmp_path):
    from kineograph.calibration_formats.qualisys import read

    cameras = [
        QUALISYS_CAMERA.format(name=n, model=m) for n, m in (("c10", "Miqus Video"), ("c2", "none"), ("c1", "Oqus"))
    ]
    rig = read(qualisys_file(tmp_path / "x.qca.txt", *cameras))
    assert rig.names == ("c2", "c10")
    camera = rig.cameras[0]
    assert camera.size_px == (1920, 1080)
    assert np.allclose(camera.position_m, [1, 2, 3])
    assert camera.intrinsics[0, 0] == 1000
    assert read(tmp_path / "x.qca.txt", binning=2).cameras[0].size_px == (960, 540)


def test_qualisys_binning_halves_pixels_and_nothing_else(tmp_path):
    """A video of half the size, of a camera with a field of view that begins inside the sensor and a lens that bends."""
    text = QUALISYS_CAMERA.format(name="c1", model="none")
    for old, new in (('left="0"', 'left="100"'), ('top="0"', 'top="60"'), ('Distortion1="0"', 'Distortion1="-16"')):
        text = text.replace(old, new)
    path = qualisys_file(tmp_path / "x.qca.txt", text)
    whole, half = (qualisys.read(path, binning=binning).cameras[0] for binning in (1, 2))
    assert np.array_equal(half.distortion, whole.distortion)
    assert half.distortion[0] == -0.25
    points_m = whole.position_m + np.array([[0.3, 0.2, 1], [-0.4, 0.1, 1], [0, 0, 1.0]]) @ whole.rotation
    seen = project(whole, points_m)
    assert np.ptp(seen, axis=0).min() > 100
    assert np.abs(project(half, points_m) - seen / 2).max() < 1e-9


def test_a_turned_view_is_found_and_not_applied_until_the_user_says_so(tmp_path):
    texts = [QUALISYS_CAMERA.format(name=f"c{n}", model="none") for n in (1, 2, 3)]
    texts[1] = texts[1].replace("<camera ", '<camera viewrotation="90" ').replace('x="1000"', 'x="3000"')
    plain = qualisys.read(qualisys_file(tmp_path / "a.qca.txt", *[t.replace("90", "0") for t in texts]))
    turned = qualisys.read(qualisys_file(tmp_path / "b.qca.txt", *texts))
    assert np.array_equal(plain["c2"].rotation, turned["c2"].rotation)

    def told(rig):
        return [reason.text for reason in check_rig(rig, "qualisys").reasons if "not applied" in reason.text]

    assert told(plain) == []
    assert [text.split("view of ")[1].split(";")[0] for text in told(turned)] == ["c2 is turned by 90 degrees"]
    assert told(edit_images(turned, {"c1": {"turn_deg": 90}})) == told(turned)
    assert told(edit_images(turned, {"c2": {"turn_deg": 0}})) == []


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (qualisys_file, "no video camera"),
        (
            lambda p: qualisys_file(p, QUALISYS_CAMERA.format(name="c", model="none").replace('x="1000"', "")),
            "transform x",
        ),
        (
            lambda p: qualisys_file(p, QUALISYS_CAMERA.format(name="c", model="none").replace("64000", "wide")),
            "focalLengthU",
        ),
    ],
)
def test_qualisys_names_what_is_missing(tmp_path, file, expected):
    from kineograph.calibration_formats.qualisys import read

    with pytest.raises(InputError) as caught:
        read(file(tmp_path / "x.qca.txt"))
    assert expected in str(caught.value)


def test_entity_bombs_in_xml_are_refused(tmp_path):
    from kineograph.calibration_formats.qualisys import read

    bomb = '<!DOCTYPE x [<!ENTITY a "lol">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{"&" + chr(97 + n) + ";"}{("&" + chr(97 + n) + ";") * 9}">' for n in range(9)
    )
    (tmp_path / "x.qca.txt").write_text(f"<?xml version='1.0'?>{bomb}]><calibration>&j;</calibration>")
    with pytest.raises(InputError):
        read(tmp_path / "x.qca.txt")


class TestCheck:
    def reasons(self, **changes):
        rig = ring(3)
        camera = dataclasses.replace(rig.cameras[1], **changes)
        return check_rig(Rig((rig.cameras[0], camera, rig.cameras[2])), "toml").reasons

    def test_a_good_calibration_passes(self):
        assert check_rig(ring(4), "toml").verdict == "pass"

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"translation_m": ring(3).cameras[1].translation_m * 1000}, "millimetres"),
            ({"size_px": (192, 108)}, "principal point"),
            (
                {"intrinsics": np.diag([100.0, 100.0, 1.0]) + np.array([[0, 0, 960], [0, 0, 540], [0, 0, 0.0]])},
                "degrees",
            ),
            ({"rotation": -ring(3).cameras[1].rotation}, "mirrored"),
            (
                {"rotation": ring(3).cameras[0].rotation, "translation_m": ring(3).cameras[0].translation_m},
                "same place",
            ),
        ],
    )
    def test_implausible_figures_blame_the_camera(self, changes, expected):
        reasons = self.reasons(**changes)
        assert any(expected in reason.text + reason.hint and reason.blame == "camera cam02" for reason in reasons)
        assert reasons[0].verdict == "fail"
