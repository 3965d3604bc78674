"""What the readers share: the error that names a format and its file, JSON, and people gathered frame by frame."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kineograph.errors import InputError
from kineograph.model.recorded_keypoints import RecordedKeypoints
from kineograph.model.shapes import FloatArray, IntArray

LARGEST_BYTES = 1_000_000_000
"""Larger files are refused before they fill the memory: about six hours of one person at 60 Hz as JSON."""
LARGEST_VALUES = 300_000_000
"""Most numbers that the keypoints of a camera may consist of: 2.4 GB in memory."""
SPARSEST = 1000
"""Frame numbers that run further than this many times the frames that a file holds are not frame numbers."""
FEWEST = 100_000
"""Up to this frame number, files may be as sparse as they like."""


@dataclass(frozen=True)
class Source:
    """A keypoint file that is being read.

    Attributes
    ----------
    path : Path
        The file or folder.
    tool : str
        The tool that writes such files, for messages.
    expected : str
        What such a file holds, for messages.
    """

    path: Path
    tool: str
    expected: str

    def unusable(self, found: str, path: Path | None = None, hint: str = "") -> InputError:
        """The error that says what was found instead; `path` names the file of several that is to blame."""
        return InputError(
            f"{path or self.path} can't be read as keypoints of {self.tool}",
            expected=self.expected,
            found=found,
            hint=hint or "export the keypoints again, or move the file away",
        )

    def content(self, file: Path) -> bytes:
        """The bytes of a file.

        Raises
        ------
        InputError
            Where it is empty or very large.
        """
        size = file.stat().st_size
        if size == 0:
            raise self.unusable("an empty file (0 bytes)", file)
        if size > LARGEST_BYTES:
            raise self.unusable(f"a file of {size / 1e9:.1f} GB", file, "split the recording into shorter trials")
        return file.read_bytes()

    def json(self, file: Path) -> Any:
        """The value that a JSON file holds."""
        try:
            return json.loads(self.content(file).decode("utf-8-sig"))
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise self.unusable(f"JSON that breaks off or is damaged ({error})", file) from error
        except (RecursionError, ValueError) as error:  # a number of thousands of digits, lists in lists without end
            raise self.unusable(f"JSON that no keypoints are written in ({type(error).__name__})", file) from error

    def gathered(
        self,
        people: Mapping[int, Sequence[FloatArray]],
        n_frames: int,
        names: tuple[str, ...] | None = None,
        file: Path | None = None,
    ) -> RecordedKeypoints:
        """The keypoints of a file that lists people frame by frame.

        Parameters
        ----------
        people : mapping of int to sequence of (K, 3) array
            The people of a frame: x, y and confidence of each keypoint. Frames that are left out have nobody.
        n_frames : int
            The number of frames.
        names : tuple of str, optional
            The keypoints' names.
        file : Path, optional
            The file to name in messages, where it is one of several.

        Raises
        ------
        InputError
            Where people have different numbers of keypoints, or there are too many of them.
        """
        counts = sorted({len(person) for found in people.values() for person in found})
        if len(counts) > 1:
            raise self.unusable(f"people of {counts[0]} and of {counts[-1]} keypoints")
        count = counts[0] if counts else len(names or ())
        most = max((len(found) for found in people.values()), default=0)
        self.check_size((n_frames, most, count, 3))
        values = np.full((n_frames, most, count, 3), np.nan)
        if most:
            frame = np.array([index for index, found in people.items() for _ in found])
            detection = np.array([place for found in people.values() for place in range(len(found))])
            values[frame, detection] = np.array([person for found in people.values() for person in found])
        return RecordedKeypoints(values[..., :2], values[..., 2], names, (file or self.path).name)

    def check_frames(self, numbers: Sequence[int] | IntArray) -> None:
        """Refuse frame numbers that would make a recording of mostly empty frames.

        Raises
        ------
        InputError
            Where they can't be frame numbers.
        """
        first, last = min(numbers), max(numbers)
        if first < 0 or last - first > max(FEWEST, SPARSEST * len(numbers)):
            raise self.unusable(f"{len(numbers)} frames with numbers from {first} to {last}")

    def check_size(self, shape: tuple[int, ...]) -> None:
        """Refuse arrays that would fill the memory.

        Raises
        ------
        InputError
            Where there are too many numbers.
        """
        if np.prod(shape, dtype=float) > LARGEST_VALUES:
            raise self.unusable(
                f"an array of {' x '.join(map(str, shape))} numbers", hint="split the recording into shorter trials"
            )


def triplets(values: Any) -> FloatArray:
    """Keypoints (K, 3) from a flat list of x, y and confidence.

    Raises
    ------
    ValueError, TypeError
        Where it is no list of numbers, not of threes, or holds a number that is not finite.
    """
    if not isinstance(values, list):
        raise TypeError(f"{type(values).__name__} instead of a list of numbers")
    try:
        flat = np.fromiter(values, dtype=float, count=len(values))
    except OverflowError as error:
        raise ValueError(str(error)) from error
    if len(flat) % 3:
        raise ValueError(f"{len(flat)} numbers, which are not x, y and confidence each")
    if not np.isfinite(flat).all():
        raise ValueError("a number that is not finite")
    return flat.reshape(-1, 3)
