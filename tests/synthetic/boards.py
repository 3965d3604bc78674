"""Pictures of calibration boards as known cameras would take them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from kineograph.geometry.projection import ray_directions
from kineograph.geometry.rotation import matrix_from_vector
from kineograph.model.board import BoardPattern
from kineograph.model.camera import Camera, Rig
from synthetic.scene import look_at

SIZE_PX = (480, 360)
TEXTURE_SQUARE_PX = 60
SUPERSAMPLES = 2
"""Rays along each side of a pixel, whose mean it shows: corners are then true to a few hundredths of a pixel."""


def print_board(pattern: BoardPattern) -> np.ndarray:
    """The print, with a margin of one square, black beside the first corner; TEXTURE_SQUARE_PX a square."""
    columns, rows = pattern.corners[0] + 1, pattern.corners[1] + 1
    if pattern.kind == "charuco":
        dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{pattern.dictionary.upper()}"))
        board = cv2.aruco.CharucoBoard((columns, rows), 1.0, pattern.marker_ratio, dictionary)
        squares = board.generateImage((columns * TEXTURE_SQUARE_PX, rows * TEXTURE_SQUARE_PX))
    else:
        row, column = np.indices((rows, columns))
        squares = np.kron(np.where((row + column) % 2, 255, 0), np.ones((TEXTURE_SQUARE_PX, TEXTURE_SQUARE_PX)))
    return np.pad(squares.astype(np.uint8), TEXTURE_SQUARE_PX, constant_values=255)


class BoardPhotographer:
    """Takes pictures of a board with a camera; its rays are cast once.

    Parameters
    ----------
    camera : Camera
        The camera, with its pose in the world that the board on the floor defines.
    pattern : BoardPattern
        The board.
    square_m : float
        Side of its squares.
    """

    def __init__(self, camera: Camera, pattern: BoardPattern, square_m: float) -> None:
        self.camera, self.pattern, self.square_m = camera, pattern, square_m
        width, height = camera.size_px
        offsets = (np.arange(SUPERSAMPLES) + 0.5) / SUPERSAMPLES - 0.5
        x = (np.arange(width)[:, None] + offsets).ravel()
        y = (np.arange(height)[:, None] + offsets).ravel()
        self.rays = ray_directions(camera, np.stack(np.meshgrid(x, y), axis=-1))
        self.texture = print_board(pattern)

    def picture(self, rotation: np.ndarray | None = None, shift_m: np.ndarray | None = None) -> np.ndarray:
        """A picture of the board lying as `kineograph.geometry.board.corner_places` has it, then turned and shifted."""
        turn = np.eye(3) if rotation is None else rotation
        shift = np.zeros(3) if shift_m is None else shift_m
        origin = (self.camera.position_m - shift) @ turn
        ways = self.rays @ turn
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = -origin[2] / ways[..., 2]
        across = (origin[0] + depth * ways[..., 0]) / self.square_m
        down = self.pattern.corners[1] - 1 - (origin[1] + depth * ways[..., 1]) / self.square_m
        hidden = ~(depth > 0)
        u = np.where(hidden, -9, across + 2).astype(np.float32) * TEXTURE_SQUARE_PX - 0.5
        v = np.where(hidden, -9, down + 2).astype(np.float32) * TEXTURE_SQUARE_PX - 0.5
        fine = cv2.remap(self.texture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=150)
        width, height = self.camera.size_px
        grey = fine.reshape(height, SUPERSAMPLES, width, SUPERSAMPLES).mean(axis=(1, 3)).round().astype(np.uint8)
        return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)


def rig_above(cameras: int = 3, *, distance_m: float = 2.4, height_m: float = 1.7) -> Rig:
    """Cameras of different lenses around a board on the floor at the origin, a third of a turn apart, all looking at it."""
    made = []
    for index in range(cameras):
        angle = 2 * np.pi * index / 3 + 0.4
        position = np.array([distance_m * np.cos(angle), distance_m * np.sin(angle), height_m + 0.15 * index])
        rotation = look_at(position, (0.2, 0.3, 0.0))
        focal = 500.0 + 10 * index
        matrix = np.array([[focal, 0, SIZE_PX[0] / 2 - 4 + index], [0, focal * 1.002, SIZE_PX[1] / 2 + 3], [0, 0, 1.0]])
        distortion = np.array([-0.1, 0.05, 0.001, -0.0008])
        made.append(Camera(f"cam{index + 1:02d}", SIZE_PX, matrix, distortion, rotation, -rotation @ position))
    return Rig(tuple(made), source="synthetic")


def lens_views(photographer: BoardPhotographer, count: int, seed: int = 0):
    """Pictures of a board held before a camera: near and far, tilted, all over the image."""
    random = np.random.default_rng(seed)
    camera, pattern, square_m = photographer.camera, photographer.pattern, photographer.square_m
    extent = np.array(pattern.corners) + 1
    for _ in range(count):
        depth = extent.max() * square_m * random.uniform(1.5, 2.3) * camera.intrinsics[0, 0] / max(camera.size_px)
        place = random.uniform(0.3, 0.7, 2) * camera.size_px
        ray = np.linalg.inv(camera.intrinsics) @ [*place, 1.0]
        # Before the camera: x right, y up as seen, z towards it; then tilted.
        turn = np.diag([1.0, -1.0, -1.0]) @ matrix_from_vector(random.uniform(-0.6, 0.6, 3))
        middle = np.array([*(np.array(pattern.corners) - 1) / 2, 0.0]) * square_m
        in_camera = ray * depth - turn @ middle
        rotation = camera.rotation.T @ turn
        yield photographer.picture(rotation, camera.rotation.T @ (in_camera - camera.translation_m))


def write_pictures(folder: Path, images) -> None:
    """Write pictures as PNG files, 01.png and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, image in enumerate(images, 1):
        assert cv2.imwrite(str(folder / f"{index:02d}.png"), image)
