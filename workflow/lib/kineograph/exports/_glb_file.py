"""The container of binary glTF 2.0: a JSON text and a buffer of arrays (Khronos glTF 2.0 specification, section 4.4)."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC, VERSION = 0x46546C67, 2
JSON_CHUNK, BINARY_CHUNK = 0x4E4F534A, 0x004E4942
FLOAT, UNSIGNED_SHORT = 5126, 5123
TARGETS = {"vertices": 34962, "indices": 34963}
ALIGNMENT = 4


class GlbBuffer:
    """Arrays one after another, with the views and accessors that describe them."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, values: NDArray[Any], kind: str, *, bounds: bool = False, target: str = "") -> int:
        """Add an array (n, components): unsigned 16-bit integers as they are, all else as 32-bit floats.

        Parameters
        ----------
        values : (n, components) array
            One row an element.
        kind : str
            glTF's name of the elements: SCALAR, VEC3, VEC4, MAT4.
        bounds : bool
            Whether the least and greatest values are stated.
        target : str
            ``vertices`` or ``indices`` where the array is one of a mesh.

        Returns
        -------
        int
            The accessor's number.
        """
        stored = values if values.dtype == np.uint16 else values.astype("<f4")
        self.content += bytes(-len(self.content) % ALIGNMENT)
        view = {"buffer": 0, "byteOffset": len(self.content), "byteLength": stored.nbytes}
        self.content += stored.astype(stored.dtype.newbyteorder("<")).tobytes()
        self.views.append(view | ({"target": TARGETS[target]} if target else {}))
        accessor: dict[str, Any] = {
            "bufferView": len(self.views) - 1,
            "componentType": UNSIGNED_SHORT if stored.dtype == np.uint16 else FLOAT,
            "count": len(stored),
            "type": kind,
        }
        if bounds:
            accessor |= {"min": stored.min(axis=0).tolist(), "max": stored.max(axis=0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def glb_bytes(content: dict[str, Any], buffer: GlbBuffer) -> bytes:
    """The file of a glTF description and its arrays."""
    whole = {
        **content,
        "bufferViews": buffer.views,
        "accessors": buffer.accessors,
        "buffers": [{"byteLength": len(buffer.content)}],
    }
    text = json.dumps(whole, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    binary = bytes(buffer.content) + bytes(-len(buffer.content) % ALIGNMENT)
    chunks = struct.pack("<II", len(text), JSON_CHUNK) + text + struct.pack("<II", len(binary), BINARY_CHUNK) + binary
    return struct.pack("<III", MAGIC, VERSION, 12 + len(chunks)) + chunks
