"""A camera's lens from views of a board: which views count, and whether the result can be trusted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kineograph.boards.solver import LensFit, fit_lens
from kineograph.errors import InputError
from kineograph.geometry.board import corner_places, coverage
from kineograph.geometry.nominal_pixels import picture_scale
from kineograph.model.board import BoardPattern, BoardViews
from kineograph.model.camera import Camera
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import finite
from kineograph.stages.board_detection import FEWEST_CORNERS

STAGE = "intrinsics"
FEWEST_VIEWS = 3
"""Views of a plane that a lens with its own centre takes (Zhang 2000, doi:10.1109/34.888718)."""
OUTLIER_FACTOR = 4.0
"""A view is left out where its residual is so many times the median of all views'."""
OUTLIER_FLOOR_PX = 0.5
"""Views below this residual are never left out: sharp pictures of a flat board leave 0.1 to 0.3 px."""
LOW_COVERAGE = 0.35
UNSURE_FOCAL = 0.01
UNUSABLE_FOCAL = 0.05
"""Standard deviations of the focal length, as a part of it: 1 % moves a person at 4 m by 40 mm."""


@dataclass(frozen=True)
class BoardSettings:
    """Settings of the section ``boards``."""

    pattern: str = "checkerboard"
    corners: tuple[int, int] = (4, 7)
    square_m: float | None = None
    dictionary: str = "4x4_50"
    marker_ratio: float = 0.75
    frame_interval_s: float = 1.0
    distortion_terms: int = 4
    min_views: int = 10
    max_view_error_px: float = 1.0
    extrinsics_corners: tuple[int, int] | None = None
    extrinsics_square_m: float | None = None
    lies_on: str = "floor"

    @property
    def board(self) -> BoardPattern:
        """The board, without its size."""
        return BoardPattern(self.pattern, self.corners, self.dictionary, self.marker_ratio)


def calibrate_lens(views: BoardViews, settings: BoardSettings) -> tuple[Camera, StageReport]:
    """The lens of a camera, at the origin of the world and in the pixels of its pictures, and the report on it.

    The worst view is left out, and the lens solved again, as long as that view's corners are farther from where they should
    be than the others' and than sharp pictures leave, and half of the views stay.

    Raises
    ------
    InputError
        Where fewer than three views show the board.
    """
    seen = views.seen
    kept = np.flatnonzero(seen.sum(axis=1) >= FEWEST_CORNERS).tolist()
    usable = len(kept)
    if usable < FEWEST_VIEWS:
        raise InputError(
            f"the lens of camera '{views.camera}' can't be computed",
            expected=f"{FEWEST_VIEWS} pictures with the board at least, {settings.min_views} or more for a good result",
            found=f"{usable} of {len(views.pictures)}",
            hint="take more pictures of the board: near and far, tilted, and in all corners of the image",
        )
    dropped: dict[str, float] = {}
    fit = _fit(views, kept, settings)
    while (worst := _outlier(fit, settings)) is not None and len(kept) - 1 >= max(FEWEST_VIEWS, usable / 2):
        dropped[views.pictures[kept[worst]]] = float(fit.view_rms_px[worst])
        del kept[worst]
        fit = _fit(views, kept, settings)
    camera = Camera(views.camera, views.size_px, fit.intrinsics, fit.distortion, np.eye(3), np.zeros(3))
    return camera, _report(views, kept, dropped, fit, settings)


def _fit(views: BoardViews, kept: list[int], settings: BoardSettings) -> LensFit:
    """The lens, and its residuals by the picture scale (:func:`~kineograph.geometry.nominal_pixels.picture_scale`)."""
    places = corner_places(views.corners)
    known = [finite(views.corner_px[view]) for view in kept]
    fit = fit_lens(
        [places[seen] for seen in known],
        [views.corner_px[view][seen] for view, seen in zip(kept, known, strict=True)],
        views.size_px,
        settings.distortion_terms,
    )
    scale = picture_scale(views.size_px)
    return replace(fit, rms_px=fit.rms_px * scale, view_rms_px=fit.view_rms_px * scale)


def _outlier(fit: LensFit, settings: BoardSettings) -> int | None:
    """The worst view, where it is an outlier."""
    worst = int(fit.view_rms_px.argmax())
    limit = max(OUTLIER_FLOOR_PX, min(OUTLIER_FACTOR * float(np.median(fit.view_rms_px)), settings.max_view_error_px))
    return worst if fit.view_rms_px[worst] > limit else None


def _report(
    views: BoardViews, kept: list[int], dropped: dict[str, float], fit: LensFit, settings: BoardSettings
) -> StageReport:
    covered = coverage(views.corner_px[kept], views.size_px)
    came_in = {"camera": views.camera, "pictures": len(views.pictures), "corners": list(views.corners)}
    came_out = {
        "views": len(kept),
        "rms_px": fit.rms_px,
        "view_rms_px": {views.pictures[view]: float(error) for view, error in zip(kept, fit.view_rms_px, strict=True)},
        "left_out_px": dropped,
        "coverage": covered,
        "focal_px": [float(fit.intrinsics[0, 0]), float(fit.intrinsics[1, 1])],
        "focal_sd": fit.focal_sd,
        "principal_point_px": fit.intrinsics[:2, 2].tolist(),
        "distortion": fit.distortion.tolist(),
    }
    return StageReport(
        STAGE, came_in, came_out, worst_first(_reasons(views, len(kept), dropped, covered, fit, settings))
    )


def _reasons(
    views: BoardViews, kept: int, dropped: dict[str, float], covered: float, fit: LensFit, settings: BoardSettings
) -> list[Reason]:
    """What speaks against a lens."""
    where = f"camera {views.camera}"
    reasons = []
    if dropped:
        named = ", ".join(f"{name} ({error:.1f} px)" for name, error in dropped.items())
        reasons.append(
            Reason(
                "warn",
                f"{len(dropped)} views of {views.camera} don't fit the others and were left out: {named}",
                where,
                "look at them: blurred, bent, or another board?",
                "part",
            )
        )
    if kept < settings.min_views:
        reasons.append(
            Reason(
                "warn",
                f"the lens of {views.camera} rests on {kept} views of the board ({settings.min_views} or more are better)",
                where,
                "take more pictures of the board",
                "part",
            )
        )
    if covered < LOW_COVERAGE:
        reasons.append(
            Reason(
                "warn",
                f"the board was seen in {covered:.0%} of the image of {views.camera} ({LOW_COVERAGE:.0%} or more are better)",
                where,
                "take pictures with the board at the edges and in the corners of the image",
                "part",
            )
        )
    if fit.focal_sd > UNSURE_FOCAL:
        reasons.append(
            Reason(
                "fail" if fit.focal_sd > UNUSABLE_FOCAL else "warn",
                f"the focal length of {views.camera} is known to {fit.focal_sd:.1%} only",
                where,
                "take pictures with the board tilted, in different directions",
            )
        )
    if fit.view_rms_px.max() > settings.max_view_error_px:
        reasons.append(
            Reason(
                "fail",
                f"no lens explains the views of {views.camera}: {fit.rms_px:.1f} px (limit {settings.max_view_error_px:g} px)",
                where,
                "is the board flat, and boards.corners right? A fisheye lens is not supported",
            )
        )
    return reasons
