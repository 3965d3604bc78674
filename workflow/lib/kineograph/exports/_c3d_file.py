"""The C3D file format (https://www.c3d.org/docs/C3D_User_Guide.pdf): little-endian, 32-bit floats, no analogue channels.

Written here, and not by ezc3d, because ezc3d and OpenSim can't both be used in one process: each takes the other's types of
vectors for its own. Where readers differ, the guide's notes for programmers hold: a point's residual is the low byte of its
fourth word.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from kineograph.model.shapes import BoolArray, FloatArray

BLOCK = 512
KEY = 0x50
INTEL = 84
LARGEST_INTEGER = 32000
"""What the greatest coordinate is to be in the format's integers, into which other programs may convert a file."""
LARGEST_BYTE = 255
MASKED_CAMERAS = 7
LARGEST_WORD = 0xFFFF
LARGEST_DIMENSION = 255
CHARACTERS, INTEGERS, FLOATS = -1, 2, 4

Value = str | int | float | tuple[str, ...]


@dataclass(frozen=True)
class C3dMarkers:
    """What a file holds.

    Attributes
    ----------
    labels : tuple of str
        M names.
    position : (F, M, 3) array
        NaN where missing.
    residual : (F, M) array
        In the unit of positions; NaN where the position is not measured.
    cameras : (F, M, C) array of bool
        The cameras that measured each position; the first seven count.
    unit : str
        Of positions and residuals.
    rate_hz : float
        Hz.
    about : dict of str to dict
        Further parameters, by group and name.
    """

    labels: tuple[str, ...]
    position: FloatArray
    residual: FloatArray
    cameras: BoolArray
    unit: str
    rate_hz: float
    about: dict[str, dict[str, Value]]

    @property
    def scale(self) -> float:
        """The unit of residuals, negative because coordinates are floats; so great that one byte holds the largest residual."""
        reach = max((float(np.nanmax(a)) for a in (np.abs(self.position),) if np.isfinite(a).any()), default=1.0)
        worst = max((float(np.nanmax(a)) for a in (self.residual,) if np.isfinite(a).any()), default=0.0)
        return -float(np.float32(max(reach / LARGEST_INTEGER, worst / LARGEST_BYTE)))


def c3d_bytes(markers: C3dMarkers) -> bytes:
    """The file's bytes."""
    frames, count = markers.position.shape[:2]
    blocks = len(_parameters(markers, 0)) // BLOCK
    parameters = _parameters(markers, 2 + blocks)
    last = min(frames, LARGEST_WORD)
    head = struct.pack("<BBHHHHHfHHf", 2, KEY, count, 0, 1, last, 0, markers.scale, 2 + blocks, 0, markers.rate_hz)
    return head.ljust(BLOCK, b"\0") + parameters + _data(markers)


def _data(markers: C3dMarkers) -> bytes:
    """Four floats a point and frame: x, y, z, and a number of two bytes, cameras (high) and residual (low); or zeros and -1."""
    missing = np.isnan(markers.position).any(axis=2)
    units = np.nan_to_num(np.clip(np.round(markers.residual / -markers.scale), 1, LARGEST_BYTE))
    bits = 1 << np.arange(min(markers.cameras.shape[2], MASKED_CAMERAS))
    mask = (markers.cameras[..., :MASKED_CAMERAS] * bits).sum(axis=2) * (units > 0)
    table = np.concatenate([markers.position, (256 * mask + units)[..., None]], axis=2)
    table[missing] = (0.0, 0.0, 0.0, -1.0)
    content = table.astype("<f4").tobytes()
    return content + bytes(-len(content) % BLOCK)


def _parameters(markers: C3dMarkers, data_start: int) -> bytes:
    frames, count = markers.position.shape[:2]
    point: dict[str, Value] = {
        "USED": count,
        "SCALE": markers.scale,
        "RATE": markers.rate_hz,
        "DATA_START": data_start,
        "FRAMES": min(frames, LARGEST_WORD),
        "UNITS": markers.unit,
    }
    for number, start in enumerate(range(0, max(count, 1), LARGEST_DIMENSION), 1):
        some = markers.labels[start : start + LARGEST_DIMENSION]
        point |= {f"{name}{number if number > 1 else ''}": some for name in ("LABELS", "DESCRIPTIONS")}
    groups: dict[str, dict[str, Value]] = {
        "POINT": point,
        "ANALOG": {"USED": 0, "RATE": 0.0, "GEN_SCALE": 1.0},
        "FORCE_PLATFORM": {"USED": 0},
    }
    for group, values in markers.about.items():
        groups[group] = groups.get(group, {}) | values
    groups.setdefault("TRIAL", {})
    items = []
    for identity, (group, values) in enumerate(groups.items(), 1):
        items.append(_item(-identity, group, b""))
        items += [_item(identity, name, _value(value)) for name, value in values.items()]
        if group == "TRIAL":
            for name, frame in (("ACTUAL_START_FIELD", 1), ("ACTUAL_END_FIELD", frames)):
                words = struct.pack("<HH", frame & LARGEST_WORD, frame >> 16)
                items.append(_item(identity, name, struct.pack("<bBB", INTEGERS, 1, 2) + words))
    content = b"".join(items[:-1]) + _without_following(items[-1])
    blocks = -(-(len(content) + 4) // BLOCK)
    return (struct.pack("<BBBB", 1, KEY, blocks, INTEL) + content).ljust(blocks * BLOCK, b"\0")


def _item(identity: int, name: str, value: bytes) -> bytes:
    """A group (negative identity) or a parameter: its name, where the next one is, its value, and no description."""
    rest = value + b"\0"
    return struct.pack("<bb", len(name), identity) + name.encode() + struct.pack("<h", len(rest) + 2) + rest


def _without_following(item: bytes) -> bytes:
    """The last item, which says that none follows."""
    place = 2 + item[0]
    return item[:place] + b"\0\0" + item[place + 2 :]


def _value(value: Value) -> bytes:
    if isinstance(value, tuple):
        texts = [text.encode()[:LARGEST_DIMENSION] for text in value]
        width = max(map(len, texts), default=0)
        return struct.pack("<bBBB", CHARACTERS, 2, width, len(texts)) + b"".join(text.ljust(width) for text in texts)
    if isinstance(value, str):
        text = value.encode()[:LARGEST_DIMENSION]
        return struct.pack("<bBB", CHARACTERS, 1, len(text)) + text
    if isinstance(value, float):
        return struct.pack("<bBf", FLOATS, 0, value)
    return struct.pack("<bBH", INTEGERS, 0, value)
