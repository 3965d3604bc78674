"""The calibration of videos that were cropped, resized or turned after their cameras were calibrated, as declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kineograph.dataset.names import same_name_key
from kineograph.errors import InputError, nearest
from kineograph.geometry.projection import resizing
from kineograph.model.camera import TURNED_VIEW, Camera, Rig

EVERY_CAMERA = "*"
QUARTER = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
"""From a direction in a camera's axes (x right, y down) to where it points once the picture is turned clockwise by 90 degrees."""
TURN = "turn_deg"


@dataclass(frozen=True)
class ImageEdit:
    """What was done to a camera's images: first a crop, then a resize, then a turn.

    Attributes
    ----------
    left_px, top_px : int
        Place of the crop's top-left pixel in the calibrated image, px.
    width_px, height_px : int or None
        Size of the crop, px of the calibrated image; None for all that is right of and below that pixel.
    scale : float
        Width of the video, before it was turned, divided by the width of the crop.
    turn_deg : int
        By how much the picture was turned clockwise: 0, 90, 180 or 270 degrees.
    """

    left_px: int = 0
    top_px: int = 0
    width_px: int | None = None
    height_px: int | None = None
    scale: float = 1.0
    turn_deg: int = 0


def edit_images(rig: Rig, edits: Mapping[str, Mapping[str, Any]]) -> Rig:
    """The rig as it sees the edited images.

    Parameters
    ----------
    rig : Rig
        As calibrated.
    edits : mapping of str to mapping
        The values of an :class:`ImageEdit` by camera, or by ``*`` for all cameras; a camera's own go before those.

    Raises
    ------
    InputError
        Where an edit names no camera, or a crop is not inside the image.
    """
    own = {same_name_key(name): name for name in edits if name != EVERY_CAMERA}
    for key, name in own.items():
        if key not in {same_name_key(camera) for camera in rig.names}:
            raise InputError(
                f"calibration.image_edits names the camera '{name}', which is not in the calibration",
                expected=f"one of {', '.join(rig.names)}, or '*' for all",
                found=f"'{name}'",
                hint=nearest(name, rig.names) or "correct the name",
            )
    cameras, metadata = [], dict(rig.metadata)
    for camera in rig.cameras:
        its_own = edits.get(own.get(same_name_key(camera.name), ""), {})
        values = {**edits.get(EVERY_CAMERA, {}), **its_own}
        if TURN in values:  # the user knows
            metadata.pop(f"{TURNED_VIEW}{camera.name}", None)
        cameras.append(edited(camera, ImageEdit(**values)))
    return replace(rig, cameras=tuple(cameras), metadata=metadata)


def edited(camera: Camera, edit: ImageEdit) -> Camera:
    """The camera of the edited images; its lens distortion stays, as it counts from the principal point in focal lengths.

    Raises
    ------
    InputError
        Where the crop is not inside the image.
    """
    if edit == ImageEdit():
        return camera
    width, height = camera.size_px
    crop_width = width - edit.left_px if edit.width_px is None else edit.width_px
    crop_height = height - edit.top_px if edit.height_px is None else edit.height_px
    inside = 0 < crop_width <= width - edit.left_px and 0 < crop_height <= height - edit.top_px
    if not inside:
        raise InputError(
            f"the crop of camera '{camera.name}' in calibration.image_edits is not inside its image",
            expected=f"a part of {width}x{height} px",
            found=f"{crop_width}x{crop_height} px from {edit.left_px}, {edit.top_px}",
            hint="give left_px, top_px, width_px and height_px in pixels of the image that was calibrated",
            where=f"camera {camera.name}",
        )
    shift = np.array([[1.0, 0.0, -edit.left_px], [0.0, 1.0, -edit.top_px], [0.0, 0.0, 1.0]])
    changed = replace(
        camera,
        size_px=(round(crop_width * edit.scale), round(crop_height * edit.scale)),
        intrinsics=resizing(edit.scale) @ shift @ camera.intrinsics,
    )
    for _ in range(edit.turn_deg // 90):
        changed = _turned(changed)
    return changed


def _turned(camera: Camera) -> Camera:
    """The camera whose picture is turned clockwise by 90 degrees: its pixel (x, y) of h rows comes to (h - 1 - y, x).

    The camera turns about its axis. Radial distortion stays; the tangential displacement
    ``2 (q . x) x + r^2 q`` with q = (p2, p1) turns with the picture.
    """
    width, height = camera.size_px
    pixels = np.array([[0.0, -1.0, height - 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    distortion = camera.distortion.copy()
    if not camera.fisheye:
        p1, p2 = camera.distortion[2:4]
        distortion[2:4] = p2, -p1
    return replace(
        camera,
        size_px=(height, width),
        intrinsics=pixels @ camera.intrinsics @ QUARTER.T,
        distortion=distortion,
        rotation=QUARTER @ camera.rotation,
        translation_m=QUARTER @ camera.translation_m,
    )
