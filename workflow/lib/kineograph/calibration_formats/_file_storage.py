"""OpenCV's FileStorage files (YAML, XML): reading single values from them, and writing them as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kineograph.calibration_formats._reading import Source
from kineograph.model.shapes import FloatArray

Value = FloatArray | float | int | str | Sequence[str]
LARGEST_BYTES = 4_000_000


class Storage:
    """A file that is open for reading.

    Raises
    ------
    InputError
        Where OpenCV can't read the file.
    """

    def __init__(self, source: Source, path: Path) -> None:
        import cv2

        self._source = source
        self._path = path
        self._error = cv2.error
        try:
            content = path.read_bytes()
            if len(content) > LARGEST_BYTES:
                raise source.unusable(f"a file of {len(content) / 1e6:.0f} MB", path)
            self._file = cv2.FileStorage(content.decode(), cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
            self.keys = set(self._file.root().keys())
        except (cv2.error, SystemError, UnicodeDecodeError) as error:
            raise source.unusable("a file that breaks off or is damaged", path) from error

    def matrix(self, *keys: str) -> FloatArray | None:
        """The matrix under the first of these keys that is there; None where none is.

        Raises
        ------
        InputError
            Where there is something else under the key.
        """
        for key in keys:
            if key in self.keys:
                try:
                    found = self._file.getNode(key).mat()
                except (self._error, SystemError) as error:
                    raise self._source.unusable(f"no whole matrix under '{key}'", self._path) from error
                if found is None:
                    raise self._source.unusable(f"no matrix under '{key}'", self._path)
                return np.array(found, dtype=float)
        return None

    def needed(self, *keys: str) -> FloatArray:
        """The matrix under the first of these keys that is there.

        Raises
        ------
        InputError
            Where none is.
        """
        found = self.matrix(*keys)
        if found is None:
            raise self._source.unusable(f"no '{keys[0]}'", self._path)
        return found

    def number(self, *keys: str) -> float | None:
        """The number under the first of these keys that is there; None where none is one."""
        for key in keys:
            node = self._file.getNode(key)
            if key in self.keys and (node.isInt() or node.isReal()):
                return float(node.real())
        return None

    def text(self, key: str) -> str:
        """The text under a key; empty where there is none."""
        return _text(self._file.getNode(key)) if key in self.keys else ""

    def texts(self, key: str) -> list[str]:
        """The list of texts under a key, numbers as texts; empty where there is none."""
        node = self._file.getNode(key)
        return [_text(node.at(index)) for index in range(node.size())] if key in self.keys and node.isSeq() else []


def document(values: Mapping[str, Value]) -> str:
    """The text of a FileStorage YAML file with these values, all digits of each number."""
    import cv2

    file = cv2.FileStorage("x.yml", cv2.FILE_STORAGE_WRITE | cv2.FILE_STORAGE_MEMORY)
    for key, value in values.items():
        file.write(key, value if isinstance(value, (int, float, str)) else _writable(value))
    return str(file.releaseAndGetString())


def _text(node: Any) -> str:
    if node.isInt():
        return str(int(node.real()))
    return str(node.string()) if node.isString() else ""


def _writable(value: Any) -> Any:
    return np.ascontiguousarray(value) if isinstance(value, np.ndarray) else list(value)
