"""Paths of results: whatever names people give, no file is of two kinds or of two names."""

from __future__ import annotations

import re

import pytest

from kineograph.dataset.names import SAFE_NAME, check_name, name_pattern
from kineograph.errors import InputError
from kineograph.layout import PATHS
from kineograph.settings.plugins import plugin_literal, plugin_names

TAILS = [tail for name in plugin_names("exports") for tail in plugin_literal("exports", name, "FILES", ())]
OWN = {"purpose": "intrinsics|extrinsics", "chunk": r"\d+", "calibration": "session|trial-" + SAFE_NAME}
"""Parts of paths that no user names."""


def _open_paths() -> dict[str, str]:
    """The table, with the exports' ends in place of `tail`."""
    whole = {kind: path for kind, path in PATHS.items() if "{tail}" not in path}
    for tail in TAILS:
        kind = "person_export" if tail.startswith(".") else "trial_export"
        whole[f"{kind} {tail}"] = PATHS[kind].replace("{tail}", tail)
    return whole


OPEN = _open_paths()
PATTERNS = {
    kind: re.compile(
        re.sub(r"\\\{(\w+)\\\}", lambda m: f"(?P<{m[1]}>{OWN.get(m[1]) or name_pattern(m[1])})", re.escape(path))
    )
    for kind, path in OPEN.items()
}


def _nasty(kind: str) -> list[str]:
    """Names made of all that the table itself puts into paths, as far as they are allowed."""
    pieces = {piece for path in OPEN.values() for piece in re.split(r"\{\w+\}|/", path) if piece}
    pieces |= {piece.rpartition(".")[0] for piece in pieces}
    found = {"P1", "chunk-1", "session", "intrinsics", *pieces, *(f"P1{piece}" for piece in pieces)}
    allowed = []
    for name in sorted(found):
        try:
            allowed.append(check_name(kind, name, "here"))
        except InputError:
            continue
    return allowed


@pytest.mark.parametrize("kind", OPEN)
def test_each_path_is_of_one_kind_and_of_one_name(kind):
    """All but one of a path's names are plain in turn, and one is as nasty as it may be."""
    plain = {"calibration": "session", "purpose": "intrinsics", "chunk": "1"}
    wildcards = re.findall(r"\{(\w+)\}", OPEN[kind])
    for nasty in set(wildcards) - set(plain):
        for name in _nasty(nasty):
            values = {wildcard: plain.get(wildcard, "A1") for wildcard in wildcards} | {nasty: name}
            path = OPEN[kind].format(**values)
            read = [
                (other, found.groupdict()) for other, pattern in PATTERNS.items() if (found := pattern.fullmatch(path))
            ]
            assert read == [(kind, values)]
