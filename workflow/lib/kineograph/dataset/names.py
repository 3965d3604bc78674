"""Names of sessions, trials, cameras and participants: what may stand in a path, a shell command and a page."""

from __future__ import annotations

import re

from kineograph.errors import InputError
from kineograph.layout import RESERVED_SESSIONS, RESERVED_TRIALS

SAFE_NAME = r"[A-Za-z0-9][A-Za-z0-9_.+-]*"
LONGEST_NAME = 100
SESSION_NAME = rf"{SAFE_NAME}(?:~[a-z_]+\.[a-z_]+=[A-Za-z0-9_.+-]+)?"
"""Of a session in the results: also one under other settings, whose name no sheet can have."""
_SAFE = re.compile(SAFE_NAME)
_RESERVED = {"session": RESERVED_SESSIONS, "trial": RESERVED_TRIALS}


def check_name(kind: str, name: str, where: str) -> str:
    """Return `name` where it may name a folder; else raise InputError.

    Parameters
    ----------
    kind : str
        ``session``, ``trial``, ``camera`` or ``participant``.
    name : str
        The name.
    where : str
        The sheet or folder it was found in.
    """
    if len(name) > LONGEST_NAME:
        raise InputError(
            f"the name of a {kind} is too long",
            expected=f"at most {LONGEST_NAME} characters",
            found=f"{len(name)}: {name[:20]!r}...",
            hint=f"rename the {kind} (its name becomes a part of file names, which file systems limit)",
            where=where,
        )
    if not _SAFE.fullmatch(name):
        raise InputError(
            f"a {kind} can't be named {name!r}",
            expected="letters, digits and _ . + - only, beginning with a letter or digit",
            found=repr(name),
            hint=f"rename the {kind} (its name becomes a folder of the results)",
            where=where,
        )
    if name in _RESERVED.get(kind, ()):
        raise InputError(
            f"a {kind} can't be named '{name}'",
            expected=f"any name but {', '.join(_RESERVED[kind])}",
            found=f"'{name}'",
            hint=f"rename the {kind}: the results use that folder themselves",
            where=where,
        )
    return name


def name_pattern(kind: str) -> str:
    """Regular expression of the names that a session, trial, camera, participant or calibration may have in a path.

    Names that are reserved are left out, so that ``S1/participants/pose/scaling.json`` is the model of participant ``pose`` and
    not the keypoints of a camera ``scaling`` in a trial ``participants``.
    """
    reserved = _RESERVED.get(kind, ())
    return (rf"(?!(?:{'|'.join(reserved)})/)" if reserved else "") + (SESSION_NAME if kind == "session" else SAFE_NAME)


def natural_key(name: str) -> list[tuple[int, int | str]]:
    """Sort key under which cam2 comes before cam10."""
    return [(0, int(part)) if part.isdigit() else (1, part.casefold()) for part in re.split(r"(\d+)", name) if part]


def same_name_key(name: str) -> tuple[str | int, ...]:
    """Key under which cam01, cam_01, Cam-1 and CAM 01 are the same camera: letters and whole numbers only."""
    parts = re.findall(r"\d+|[a-z]+", name.casefold())
    return tuple(int(part) if part.isdigit() else part for part in parts)
