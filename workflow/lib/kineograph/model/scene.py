"""ScenePoints: places in the scene whose coordinates were measured, and where one camera sees them."""

from __future__ import annotations

from dataclasses import dataclass

from kineograph.model.shapes import FloatArray, require_shape


@dataclass(frozen=True)
class ScenePoints:
    """Known points of the world in one camera's picture.

    Attributes
    ----------
    camera : str
        The camera.
    names : tuple of str
        The points' names (N).
    position_m : (N, 3) array
        In the world that they define, m.
    image_px : (N, 2) array
        In the camera's picture, px; the centre of the top-left pixel is (0, 0).
    size_px : tuple of int or None
        Width and height of the picture they were taken from, px; None where not known.
    """

    camera: str
    names: tuple[str, ...]
    position_m: FloatArray
    image_px: FloatArray
    size_px: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        require_shape(self.position_m, (len(self.names), 3), "position_m")
        require_shape(self.image_px, (len(self.names), 2), "image_px")
