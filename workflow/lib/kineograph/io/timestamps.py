"""Times of a camera's frames from a text file: one time a line, in seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kineograph.errors import InputError
from kineograph.model.shapes import FloatArray


def read_timestamps(path: Path) -> FloatArray:
    """Read the time of each frame, (frames,), s.

    One time a line, on a clock that all cameras of the trial share (Unix time, say); a first line that is no number is a
    heading. Of lines with several columns, separated by commas, the first counts.

    Raises
    ------
    InputError
        Where the file is missing or a line is no time, or the times don't increase.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(path, "no such file" if isinstance(error, FileNotFoundError) else str(error)) from error
    times: list[float] = []
    for number, line in enumerate(lines, 1):
        text = line.split(",")[0].strip()
        if not text:
            continue
        try:
            times.append(float(text))
        except ValueError:
            if number > 1:
                raise _bad(path, f"'{text[:40]}' in line {number}") from None
    time_s = np.array(times)
    if not time_s.size or not np.isfinite(time_s).all():
        raise _bad(path, "a time that is no number" if time_s.size else "no time")
    back = np.flatnonzero(np.diff(time_s) <= 0)
    if back.size:
        raise _bad(path, f"{time_s[back[0] + 1]:.6f} after {time_s[back[0]]:.6f} (frame {back[0] + 1})")
    return time_s


def _bad(path: Path, found: str) -> InputError:
    return InputError(
        f"the timestamps {path} can't be used",
        expected="a text file with one time in seconds a frame, each later than the one before",
        found=found,
        hint="write such a file for every camera, or choose another synchronization.method",
        where=str(path),
    )
