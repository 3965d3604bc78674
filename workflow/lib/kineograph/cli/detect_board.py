"""Find a calibration board in a camera's pictures."""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path

import numpy as np

from kineograph.cli._common_arguments import add_result, add_settings, save_report
from kineograph.dataset.pictures import PURPOSES, find_pictures
from kineograph.errors import ConfigError, InputError, KineographError
from kineograph.io.npz import write_npz
from kineograph.model.board import BoardPattern, BoardViews
from kineograph.model.report import StageReport
from kineograph.settings.text import from_json
from kineograph.stages.board_detection import STAGE, judge_views, no_board
from kineograph.stages.intrinsics import BoardSettings

TRIED_PICTURES = 10
"""So many pictures are tried for boards of other sizes, where none shows the right one."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--source", type=Path, required=True, metavar="PATH", help="the calibration's folder, or a file in it"
    )
    parser.add_argument("--purpose", required=True, choices=PURPOSES, help="which of its pictures")
    parser.add_argument("--camera", required=True, help="the camera's name")
    add_settings(parser)
    add_result(parser)


def run(args: argparse.Namespace) -> StageReport:
    """Look for the board in one picture after another."""
    from kineograph.boards.detect import find_board
    from kineograph.boards.pictures import pictures

    settings = from_json(BoardSettings, args.settings)
    source = find_pictures(args.source, args.purpose, args.camera)
    names, found, size = [], [], (0, 0)
    for name, image in pictures(source, settings.frame_interval_s):
        names.append(name)
        found.append(find_board(image, settings.board))
        size = (image.shape[1], image.shape[0])
    views = BoardViews(args.camera, size, settings.corners, tuple(names), np.stack(found))
    if not views.seen.any():
        raise _no_board(source, args.camera, settings, len(names))
    report = judge_views(views, settings.board)
    write_npz(args.out, views)
    save_report(args, report)
    return report


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Write a camera without views."""
    try:
        corners = from_json(BoardSettings, args.settings).corners
    except ConfigError:
        corners = BoardSettings().corners
    write_npz(args.out, BoardViews.none(args.camera, corners))
    save_report(args, StageReport(STAGE, {"camera": args.camera}, error=error.record()))


def _no_board(source: Path, camera: str, settings: BoardSettings, count: int) -> InputError:
    from kineograph.boards.detect import looks_mirrored, sizes_that_fit
    from kineograph.boards.pictures import pictures

    tried = [image for _, image in islice(pictures(source, settings.frame_interval_s), TRIED_PICTURES)]
    pattern: BoardPattern = settings.board
    mirrored = any(looks_mirrored(image, pattern) for image in tried)
    fitting = {} if mirrored else sizes_that_fit(tried)
    return no_board(str(source), camera, pattern, count, fitting, mirrored=mirrored)
