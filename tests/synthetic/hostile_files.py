"""Files that are damaged or made to do harm: mutations of right ones, and the readers that get them, over all registries.

A reader may answer with what the file holds or with an error of the project's family; nothing else, and soon.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from hypothesis import strategies as st

from kineograph.calibration_formats import toml
from kineograph.catalog.augmenters import read_augmenter_card
from kineograph.catalog.models import read_model_card
from kineograph.cli._any_calibration import read_calibration
from kineograph.cli._any_keypoints import format_module
from kineograph.dataset.calibration_files import calibration_files
from kineograph.dataset.keypoint_files import keypoint_formats
from kineograph.dataset.sheets import read_participants, read_trials
from kineograph.errors import Mistakes
from kineograph.io.motion import read_table
from kineograph.io.npz import read_npz, write_npz
from kineograph.io.reports import read_json, write_json
from kineograph.io.scene_points import read_object_points
from kineograph.io.skeletons import read_skeleton
from kineograph.io.timestamps import read_timestamps
from kineograph.io.trc import MarkerTrajectories, read_trc, write_trc
from kineograph.model.keypoints import Keypoints2D
from kineograph.opensim.setup_files import (
    read_ball_joints,
    read_coordinate_ranges,
    read_marker_names,
    read_measurements,
    read_tasks,
)
from kineograph.settings.configuration import Configuration
from synthetic import keypoint_files
from synthetic.calibration_files import ROOMS
from synthetic.scene import film, ring, walker
from synthetic.study import REPOSITORY, halpe26

RESOURCES = REPOSITORY / "resources"
SCHEMA = REPOSITORY / "workflow" / "schemas" / "config.schema.yaml"


@dataclass(frozen=True)
class Target:
    """A reader and a right file for it.

    Attributes
    ----------
    write : function
        Writes the files into an empty folder: those that are then damaged.
    read : function
        Reads what stands in the folder.
    """

    write: Callable[[Path], list[Path]]
    read: Callable[[Path], object]


def targets() -> dict[str, Target]:
    """All readers of what users bring, by name: each format of the registries, and the other files."""
    found = {f"calibration {name}": _calibration(name) for name in ROOMS}
    found |= {f"keypoints {name}": _keypoints(name) for name in keypoint_formats()}
    return found | OTHERS


def _calibration(name: str) -> Target:
    return Target(
        lambda folder: list(calibration_files(ROOMS[name](folder), name)),
        lambda folder: read_calibration(folder, name, {}),
    )


def _keypoints(name: str) -> Target:
    def write(folder: Path) -> list[Path]:
        path = keypoint_files.write(name, folder, KEYPOINTS)
        return [path] if path.is_file() else sorted(path.iterdir())[:2]

    def read(folder: Path) -> object:
        return format_module(name).read(next(folder.iterdir()))

    return Target(write, read)


def _text(name: str, text: str, read: Callable[[Path], object]) -> Target:
    def write(folder: Path) -> list[Path]:
        (folder / name).write_text(text)
        return [folder / name]

    return Target(write, lambda folder: read(folder / name))


def _copy(source: Path, read: Callable[[Path], object]) -> Target:
    return _text(source.name, source.read_text(), read)


def _trc(folder: Path) -> list[Path]:
    write_trc(folder / "a.trc", MarkerTrajectories(("RHip", "LHip"), np.ones((3, 2, 3)), np.arange(3) / 60.0, 60.0))
    return [folder / "a.trc"]


def _npz(folder: Path) -> list[Path]:
    write_npz(folder / "a.npz", KEYPOINTS)
    return [folder / "a.npz"]


def _record(folder: Path) -> list[Path]:
    write_json(folder / "a.json", {"stage": "pose", "came_in": {"frames": 3}, "reasons": []})
    return [folder / "a.json"]


def _configuration(path: Path) -> object:
    """As Snakemake reads it: what is no YAML is its error; what is, is ours to check."""
    try:
        values = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return Configuration(values, SCHEMA) if isinstance(values, dict) else None


KEYPOINTS = film(ring(1), halpe26(), [walker(halpe26())], seconds=3 / 60)[0]
SCALING = """<OpenSimDocument Version="40000"><ScaleTool><MeasurementSet><objects><Measurement name="thigh"><apply>true</apply>
<MarkerPairSet><objects><MarkerPair><markers>RHip RKnee</markers></MarkerPair></objects></MarkerPairSet>
<BodyScaleSet><objects><BodyScale name="femur_r"><axes>X Y Z</axes></BodyScale></objects></BodyScaleSet>
</Measurement></objects></MeasurementSet></ScaleTool></OpenSimDocument>"""
TASKS = """<OpenSimDocument Version="40000"><InverseKinematicsTool><IKTaskSet><objects>
<IKMarkerTask name="RHip"><apply>true</apply><weight>2</weight></IKMarkerTask>
<IKCoordinateTask name="L5_S1"><apply>true</apply><weight>0.1</weight><value>0</value></IKCoordinateTask>
</objects></IKTaskSet></InverseKinematicsTool></OpenSimDocument>"""
MODEL = """<OpenSimDocument Version="40000"><Model name="m"><JointSet><objects><PinJoint name="knee"><coordinates>
<Coordinate name="knee_angle_r"><range>-0.1 2.0</range><clamped>true</clamped></Coordinate></coordinates></PinJoint>
<CustomJoint name="hip"><SpatialTransform><TransformAxis name="rotation1"><coordinates>a</coordinates><axis>0 0 1</axis>
</TransformAxis><TransformAxis name="rotation2"><coordinates>b</coordinates><axis>1 0 0</axis></TransformAxis>
<TransformAxis name="rotation3"><coordinates>c</coordinates><axis>0 1 0</axis></TransformAxis></SpatialTransform></CustomJoint>
</objects></JointSet>
<MarkerSet><objects><Marker name="RHip"/></objects></MarkerSet></Model></OpenSimDocument>"""


def _told(read: Callable[[Path, Mistakes], object]) -> Callable[[Path], object]:
    """A reader that notes mistakes, as one that raises them."""

    def reader(path: Path) -> object:
        with Mistakes() as mistakes:
            return read(path, mistakes)

    return reader


OTHERS = {
    "TRC": Target(_trc, lambda folder: read_trc(folder / "a.trc")),
    "MOT": _text(
        "a.mot",
        "Coordinates\nversion=1\nnRows=2\nnColumns=2\ninDegrees=yes\nendheader\ntime\tknee\n0\t1\n1\t2\n",
        read_table,
    ),
    "NPZ": Target(_npz, lambda folder: read_npz(folder / "a.npz", Keypoints2D)),
    "record": Target(_record, lambda folder: read_json(folder / "a.json")),
    "trial sheet": _text(
        "trials.tsv",
        "session\ttrial\tparticipants\tfps\tframes\nS1\tT1\tP1\t60\t0-99\nS1\tT2\tP1,P2\t60\t\n",
        _told(lambda path, mistakes: read_trials(path, path.parent, mistakes)),
    ),
    "participants": _text(
        "participants.tsv", "participant\theight_m\tmass_kg\nP1\t1.75\t70\nP2\t\t60\n", _told(read_participants)
    ),
    "scene points": _text(
        "object_points.tsv",
        "point\tx_m\ty_m\tz_m\na\t0\t0\t0\nb\t1\t0.5\t0\nc\t2\t0\t1\nd\t0\t1\t1\n",
        read_object_points,
    ),
    "timestamps": _text("cam01.timestamps.csv", "0.0\n0.0167\n0.0333\n0.05\n", read_timestamps),
    "skeleton card": _copy(RESOURCES / "skeletons" / "coco17.toml", read_skeleton),
    "model card": _copy(
        RESOURCES / "models" / "rtmpose-m_coco17.toml", lambda path: read_model_card(str(path), RESOURCES / "models")
    ),
    "augmenter card": _copy(
        RESOURCES / "augmenters" / "opencap_lstm.toml",
        lambda path: read_augmenter_card(path.stem, path.parent),
    ),
    "scaling set-up": _text("scaling.xml", SCALING, read_measurements),
    "kinematics set-up": _text("ik.xml", TASKS, read_tasks),
    "model's ranges": _text("model.osim", MODEL, read_coordinate_ranges),
    "model's ball joints": _text("model.osim", MODEL, read_ball_joints),
    "model's markers": _text("model.osim", MODEL, read_marker_names),
    "configuration": _copy(REPOSITORY / "config" / "config.demo.yaml", _configuration),
    "calibration TOML": Target(
        lambda folder: [_written(folder / "c.toml")], lambda folder: toml.read(folder / "c.toml")
    ),
}


def _written(path: Path) -> Path:
    toml.write(path, ring(2))
    return path


# ---- mutations

NUMBERS = (
    "nan", "inf", "-inf", "1e400", "-1", "0", "9" * 400, "1e18", "2147483648", "0x10", "1,5", "", "--", "\u0661", "1_0", "[]",
)  # fmt: skip
PIECES = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n", b"\n\n", b"\t", b"'", b'"', b"#", b"]", b"}", b"<", b"&lol;", b"-->", b"..",
    b"[" * 3000, b"{" * 3000, b'{"a":' * 3000, b"<a>" * 3000, b"a: &a [*a]\n", b"!!python/object:os.system {}", b"a" * 100_000,
    "\u202e".encode(), "\ud83d\ude00".encode("utf-16", "surrogatepass"), b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f.",
)  # fmt: skip
NUMBER = re.compile(rb"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
WORD = re.compile(rb"[A-Za-z_]\w+")

Mutation = Callable[[bytes], bytes]


def mutations() -> st.SearchStrategy[list[Mutation]]:
    """One to three things to do to a file's content."""
    place = st.floats(0, 1, exclude_max=True)
    ways = [
        st.builds(_with_number, place, st.sampled_from(NUMBERS)),
        st.builds(_with_number, place, st.sampled_from(NUMBERS)),
        st.builds(_with_word, place, st.sampled_from(PIECES)),
        st.builds(_with_bit, place, st.integers(0, 7)),
        st.builds(_with_byte, place, st.integers(0, 255)),
        st.builds(_cut, place),
        st.builds(_spliced, place, st.integers(-400, 200), st.sampled_from((b"", *PIECES))),
        st.sampled_from(WHOLE),
    ]
    return st.lists(st.one_of(ways), min_size=1, max_size=3)


def _with_number(at: float, new: str) -> Mutation:
    return lambda content: _replaced(content, NUMBER, at, new.encode())


def _with_word(at: float, new: bytes) -> Mutation:
    return lambda content: _replaced(content, WORD, at, new)


def _with_bit(at: float, bit: int) -> Mutation:
    return lambda content: _changed(content, at, lambda old: bytes([old[0] ^ (1 << bit)]))


def _with_byte(at: float, new: int) -> Mutation:
    return lambda content: _changed(content, at, lambda old: bytes([new]))


def _cut(at: float) -> Mutation:
    return lambda content: content[: int(at * len(content))]


def _spliced(at: float, left_out: int, piece: bytes) -> Mutation:
    """Bytes are left out, or where `left_out` is negative repeated, and a piece is put there."""

    def change(content: bytes) -> bytes:
        place = int(at * len(content))
        return content[:place] + piece + content[max(place + left_out, 0) :]

    return change


def _utf16(content: bytes) -> bytes:
    return content.decode("latin-1").encode("utf-16")


WHOLE: tuple[Mutation, ...] = (
    _utf16,
    lambda content: b"\xef\xbb\xbf" + content,
    lambda content: content.replace(b"\n", b"\r\n"),
    lambda content: b"",
    lambda content: content + content,
)
"""What is done to a file as a whole."""


def _changed(content: bytes, at: float, change: Callable[[bytes], bytes]) -> bytes:
    place = int(at * len(content))
    return content[:place] + change(content[place : place + 1]) + content[place + 1 :] if content else content


def _replaced(content: bytes, pattern: re.Pattern[bytes], at: float, new: bytes) -> bytes:
    found = list(pattern.finditer(content))
    if not found:
        return content
    match = found[int(at * len(found))]
    return content[: match.start()] + new + content[match.end() :]
