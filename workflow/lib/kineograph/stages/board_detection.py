"""What the search for a board in a camera's pictures found."""

from __future__ import annotations

from collections.abc import Mapping

from kineograph.errors import InputError
from kineograph.model.board import BoardPattern, BoardViews
from kineograph.model.report import Reason, StageReport

STAGE = "boards"
FEWEST_CORNERS = 6
"""Corners of a ChArUco board that make a view: fewer say little of a lens, and a pose from four is unsure."""


def judge_views(views: BoardViews, pattern: BoardPattern) -> StageReport:
    """The report on a camera's pictures: how many show the board, and which do not."""
    count = views.seen.sum(axis=1)
    without = [name for name, n in zip(views.pictures, count.tolist(), strict=True) if n < FEWEST_CORNERS]
    reasons: tuple[Reason, ...] = ()
    if without:
        reasons = (
            Reason(
                "warn",
                f"no board was found in {len(without)} of {len(views.pictures)} pictures of {views.camera}: {', '.join(without)}",
                f"camera {views.camera}",
                "the whole board has to be in the picture, flat, sharp and with a white margin (of ChArUco a part is enough)",
            ),
        )
    came_in = {"camera": views.camera, "pictures": list(views.pictures), "board": describe(pattern)}
    came_out = {"size_px": list(views.size_px), "corners": count.tolist(), "without_board": without}
    return StageReport(STAGE, came_in, came_out, reasons)


def no_board(
    source: str,
    camera: str,
    pattern: BoardPattern,
    pictures: int,
    fitting: Mapping[tuple[int, int], int],
    *,
    mirrored: bool,
) -> InputError:
    """The error of a camera whose pictures show no board.

    Parameters
    ----------
    source : str
        Where the pictures are.
    camera : str
        The camera.
    pattern : BoardPattern
        What was looked for.
    pictures : int
        How many pictures there are.
    fitting : dict of (int, int) to int
        Inner corners of other checkerboards -> how many pictures show such a board.
    mirrored : bool
        Whether the board is found in the mirror image.
    """
    if mirrored:
        found, hint = (
            "the board in the mirror image of them",
            "save the pictures unmirrored (front cameras often mirror)",
        )
    elif fitting:
        sizes = [f"{a}x{b} in {n}" for (a, b), n in sorted(fitting.items(), key=lambda item: (-item[1], item[0]))[:3]]
        found = f"none; boards that fit: {', '.join(sizes)}"
        hint = "set boards.corners (boards.extrinsics_corners) to the inner corners of your board: squares less one"
    else:
        found, hint = (
            "none",
            "is the whole board in the picture, flat, sharp, evenly lit, with a white margin around it?",
        )
    return InputError(
        f"no board is in the pictures of camera '{camera}' ({source})",
        expected=f"{describe(pattern)} in at least one of {pictures} pictures",
        found=found,
        hint=hint,
    )


def describe(pattern: BoardPattern) -> str:
    """The board in words."""
    size = f"{pattern.corners[0]}x{pattern.corners[1]} inner corners"
    return (
        f"a ChArUco board with {size} ({pattern.dictionary})"
        if pattern.kind == "charuco"
        else f"a checkerboard with {size}"
    )
