"""What the readers share: the error that names a format and its file, and a camera whose numbers were checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kineograph.dataset.names import natural_key
from kineograph.errors import InputError
from kineograph.model.camera import Camera, Rig
from kineograph.model.shapes import FloatArray

METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001}
"""Units of length that a format without one of its own may be in, as metres."""
LENGTHS = {False: (4, 5, 8), True: (4,)}
"""How many distortion coefficients a camera can have; the key tells whether its lens model is the fisheye one."""


@dataclass(frozen=True)
class Source:
    """A calibration that is being read.

    Attributes
    ----------
    path : Path
        The file or folder.
    expected : str
        What such a calibration holds, for messages.
    hint : str
        What to do where it does not.
    """

    path: Path
    expected: str
    hint: str

    def unusable(self, found: str, path: Path | None = None) -> InputError:
        """The error that says what was found instead; `path` names the file of several that is to blame."""
        return InputError(
            f"the calibration {path or self.path} can't be used",
            expected=self.expected,
            found=found,
            hint=self.hint,
        )

    def camera(
        self,
        name: str,
        size_px: Any,
        intrinsics: Any,
        distortion: Any,
        rotation: Any,
        translation_m: Any,
        *,
        fisheye: bool = False,
    ) -> Camera:
        """A camera of these values, each in any shape that holds the right number of numbers.

        Raises
        ------
        InputError
            Where a value holds another number of numbers, is none, or is not finite; where the size is not positive.
        """
        numbers = {
            "image size": self._numbers(name, "image size", size_px, 2),
            "intrinsics": self._numbers(name, "intrinsics", intrinsics, 9),
            "rotation": self._numbers(name, "rotation", rotation, 9),
            "translation": self._numbers(name, "translation", translation_m, 3),
        }
        width, height = (round(value) for value in numbers["image size"].tolist())
        if min(width, height) < 1:
            raise self.unusable(f"camera '{name}' with an image of {width}x{height} px")
        coefficients = coefficients_of(self._numbers(name, "distortion", distortion, None))
        if len(coefficients) not in LENGTHS[fisheye]:
            raise self.unusable(f"camera '{name}' with {len(coefficients)} distortion coefficients")
        return Camera(
            name=name,
            size_px=(width, height),
            intrinsics=numbers["intrinsics"].reshape(3, 3),
            distortion=coefficients,
            rotation=numbers["rotation"].reshape(3, 3),
            translation_m=numbers["translation"],
            fisheye=fisheye,
        )

    def rig(self, cameras: Iterable[Camera], name: str = "") -> Rig:
        """The rig of these cameras, in natural order of their names.

        Raises
        ------
        InputError
            Where there is none, or two have the same name.
        """
        found = sorted(cameras, key=lambda camera: natural_key(camera.name))
        names = [camera.name for camera in found]
        if not found:
            raise self.unusable("no camera")
        if len(set(names)) != len(names):
            raise self.unusable(f"two cameras of one name: {', '.join(names)}")
        return Rig(tuple(found), source=name or self.path.name)

    def _numbers(self, name: str, what: str, value: Any, count: int | None) -> FloatArray:
        try:
            numbers = np.array(value, dtype=float).ravel()
        except (TypeError, ValueError, OverflowError) as error:
            raise self.unusable(f"camera '{name}' whose {what} is no number: {str(value)[:60]}") from error
        if count is not None and len(numbers) != count:
            raise self.unusable(f"camera '{name}' with {len(numbers)} numbers for its {what} instead of {count}")
        if not np.isfinite(numbers).all():
            raise self.unusable(f"camera '{name}' whose {what} is nan or infinite")
        return numbers


def coefficients_of(values: FloatArray) -> FloatArray:
    """Distortion coefficients (n,) without what OpenCV's longer lists end with and its shorter ones leave out: zeros.

    OpenCV writes up to 14 (thin prism and tilted sensor) of which the last 6 are zero unless asked for; some tools write
    the two radial ones only.
    """
    if len(values) > 8 and not values[8:].any():
        return values[:8]
    if len(values) < 4:
        return np.concatenate([values, np.zeros(4 - len(values))])
    return values
