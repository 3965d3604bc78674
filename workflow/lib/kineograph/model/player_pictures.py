"""PlayerPictures: small pictures of all cameras at some moments of a trial, for the player on its page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kineograph.model.shapes import IntArray, require_shape


@dataclass(frozen=True)
class PlayerPictures:
    """JPEG files of C cameras at N moments, one after another.

    Attributes
    ----------
    cameras : tuple of str
        C camera names.
    moment : (N,) array of int
        Frames of the trial's common clock.
    length_bytes : (N, C) array of int
        Length of each picture, 0 where the camera has none.
    data : (total,) array of uint8
        The files, camera by camera within each moment.
    """

    cameras: tuple[str, ...]
    moment: IntArray
    length_bytes: IntArray
    data: NDArray[np.uint8]

    def __post_init__(self) -> None:
        require_shape(self.length_bytes, (len(self.moment), len(self.cameras)), "length_bytes")
        require_shape(self.data, (int(self.length_bytes.sum()),), "data")

    def of_camera(self, name: str) -> list[bytes]:
        """The N pictures of a camera, empty where there is none."""
        ends = np.cumsum(self.length_bytes).reshape(self.length_bytes.shape)
        column = self.cameras.index(name)
        pairs = zip(ends[:, column].tolist(), self.length_bytes[:, column].tolist(), strict=True)
        return [self.data[end - length : end].tobytes() for end, length in pairs]
