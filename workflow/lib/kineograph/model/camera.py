"""Camera and Rig: where the cameras of a session stand and how they map space to pixels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from kineograph.model.shapes import FloatArray, require_shape

TURNED_VIEW = "turned view of "
"""With a camera's name, the key of a rig's metadata for what a calibration says of a turned view and no reader applies."""


@dataclass(frozen=True)
class Camera:
    """A calibrated camera, ``x_camera = rotation @ X_world + translation_m``.

    Attributes
    ----------
    name : str
        The camera's name in the calibration.
    size_px : tuple of int
        Width and height of the images that the intrinsics belong to, px.
    intrinsics : (3, 3) array
        Camera matrix, px; the centre of the top-left pixel is (0, 0), as in OpenCV.
    distortion : (4,), (5,) or (8,) array
        OpenCV's distortion coefficients k1, k2, p1, p2[, k3[, k4, k5, k6]]; for a fisheye k1, k2, k3, k4.
    rotation : (3, 3) array
        World to camera.
    translation_m : (3,) array
        World to camera, m.
    fisheye : bool
        True for OpenCV's fisheye (equidistant) lens model, false for the pinhole model.
    """

    name: str
    size_px: tuple[int, int]
    intrinsics: FloatArray
    distortion: FloatArray
    rotation: FloatArray
    translation_m: FloatArray
    fisheye: bool = False

    def __post_init__(self) -> None:
        require_shape(self.intrinsics, (3, 3), "intrinsics")
        require_shape(self.distortion, (None,), "distortion")
        require_shape(self.rotation, (3, 3), "rotation")
        require_shape(self.translation_m, (3,), "translation_m")
        lengths = (4,) if self.fisheye else (4, 5, 8)
        if len(self.distortion) not in lengths:
            raise ValueError(f"distortion has {len(self.distortion)} coefficients, expected one of {lengths}")

    @property
    def position_m(self) -> FloatArray:
        """The camera's centre in the world, shape (3,), m."""
        centre: FloatArray = -self.rotation.T @ self.translation_m
        return centre

    @property
    def projection(self) -> FloatArray:
        """The 3x4 matrix from the world (m) to the undistorted image (px)."""
        matrix: FloatArray = self.intrinsics @ np.column_stack([self.rotation, self.translation_m])
        return matrix

    def zoomed(self, ratio: float) -> Camera:
        """The camera with its focal length multiplied."""
        intrinsics = self.intrinsics.copy()
        intrinsics[[0, 1], [0, 1]] *= ratio
        return replace(self, intrinsics=intrinsics)


@dataclass(frozen=True)
class Rig:
    """The cameras of one calibration, in its order; possibly none, when the calibration failed."""

    cameras: tuple[Camera, ...]
    source: str = ""
    metadata: dict[str, str | float | bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = self.names
        if len(set(names)) != len(names):
            raise ValueError(f"two cameras have the same name: {names}")

    @property
    def names(self) -> tuple[str, ...]:
        """The cameras' names."""
        return tuple(camera.name for camera in self.cameras)

    def __len__(self) -> int:
        return len(self.cameras)

    def __getitem__(self, name: str) -> Camera:
        return next(camera for camera in self.cameras if camera.name == name)

    def select(self, names: tuple[str, ...] | list[str]) -> Rig:
        """The rig of the named cameras, in that order; KeyError where one is missing."""
        known = {camera.name: camera for camera in self.cameras}
        return Rig(tuple(known[name] for name in names), self.source, self.metadata)
