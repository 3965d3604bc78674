"""Why a job runs, in the words of a user: which key changed from what to what, which recording, or what it follows from.

Snakemake tells which params a result was made with that its job would not have now, and the other way round. They are canonical
JSON (settings, fingerprints of content) or digests of code, so the difference can be named.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from kineograph.front.snakemake import Job

PHRASES = {
    "Forced execution": "forced",
    "Missing output files": "missing",
    "Incomplete output files": "it was being written when a run was killed",
    "Updated input files": "updated",
    "Input files updated by another job": "follows",
    "Set of input files has changed since last execution": "the set of its input files changed",
    "Code has changed since last execution": "the command of its rule changed (another version of the workflow)",
    "Params have changed since last execution": "params",
    "Software environment definition has changed since last execution": "its software environment changed",
}
_START = re.compile(r"(?:^|; )(" + "|".join(map(re.escape, PHRASES)) + r")(?:: )?")
_PARAMS = re.compile(r"before: (.*?) now: (.*?)\s*$", re.DOTALL)
_DIGEST = re.compile(r"[0-9a-f]{12,16}|missing")
NOTHING = "<nothing exclusive>"
CONTENTS = {
    "recording": "the content of its recording",
    "pose": "the pose network or its card",
    "detector": "the detector or its card",
    "skeleton": "the skeleton's card",
    "setup": "OpenSim's set-up files",
    "model": "the OpenSim model",
    "networks": "the augmenter's networks",
}
LONGEST = 40


def explain(job: Job, sections: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Why a job runs: what was changed or is missing; nothing where it only follows from other jobs.

    Parameters
    ----------
    job : Job
        The job, with Snakemake's reason.
    sections : dict of str to sequence of str
        The keys of each section of the configuration, by which settings are told to be of a section.
    """
    parts = _START.split(job.reason)[1:]
    causes: list[str] = []
    follows = False
    for phrase, rest in zip(parts[::2], parts[1::2], strict=True):
        word = PHRASES[phrase]
        files = rest.strip().split(", ") if rest.strip() else []
        if word == "missing":
            causes.append("not made yet" if len(files) >= len(job.outputs) else f"missing: {', '.join(files)}")
        elif word == "updated":
            causes.append(f"changed on the disk: {', '.join(files)}")
        elif word == "follows":
            follows = True
        elif word == "params":
            causes += changes(rest, sections)
        else:
            causes.append(word)
    return tuple(causes) if causes or follows else (job.reason,)


def changes(text: str, sections: Mapping[str, Sequence[str]]) -> list[str]:
    """What Snakemake's list of params before and now says."""
    match = _PARAMS.search(text)
    if match is None:
        return ["its settings changed"]
    before, now = (_values(part) for part in match.groups())
    told = []
    if any(_is_code(value) for value in before) or any(_is_code(value) for value in now):
        told.append("the code of the stage changed")
    old, new = ([value for value in values if isinstance(value, dict)] for values in (before, now))
    for one in old:
        other = max(new, key=lambda item: len(item.keys() & one.keys()), default=None)
        if other is None:
            told.append(f"no longer depends on {_what(one, sections)}")
            continue
        new.remove(other)
        told += _differences(one, other, sections)
    told += [f"now depends on {_what(item, sections)}" for item in new]
    plain_old, plain_new = (
        [v for v in values if not isinstance(v, dict) and not _is_code(v)] for values in (before, now)
    )
    if plain_old or plain_new:
        told.append(f"{_short(plain_old)} became {_short(plain_new)}")
    return told or ["its settings changed"]


def _values(text: str) -> list[Any]:
    """The values of a list of reprs that are joined by commas: a dict where one is JSON."""
    if text.strip() in ("", NOTHING):
        return []
    try:
        found = ast.literal_eval(f"[{text}]")
    except (ValueError, SyntaxError):
        return [text]
    return [_decoded(value) for value in found]


def _decoded(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(("{", "[")):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[0-9a-f]{16}", value))


def _differences(old: dict[str, Any], new: dict[str, Any], sections: Mapping[str, Sequence[str]]) -> list[str]:
    one, other = _flat(old), _flat(new)
    section = _section({**old, **new}, sections)
    told = []
    for key in sorted(one.keys() | other.keys()):
        before, now = one.get(key), other.get(key)
        if before == now:
            continue
        if _DIGEST.fullmatch(str(before)) or _DIGEST.fullmatch(str(now)):
            told.append(_content(key, before, now))
        else:
            name = f"config key {section}.{key}" if section else key
            told.append(f"{name} changed from {_short(before)} to {_short(now)}")
    return told


def _content(key: str, before: Any, now: Any) -> str:
    last = key.rpartition(".")[2]
    what = CONTENTS.get(key) or CONTENTS.get(key.partition(".")[0]) or f"the content of {key}"
    what = f"the skeleton's card {last}" if key.startswith("skeletons.") else what
    if now in (None, "missing"):
        return f"{what} is no longer there"
    return f"{what} is new" if before in (None, "missing") else f"{what} changed"


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict) and value:
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found


def _section(values: Mapping[str, Any], sections: Mapping[str, Sequence[str]]) -> str:
    """The section that settings are of: the one that has the most of their keys, and at least half of them."""
    best = max(sections, key=lambda name: len(set(sections[name]) & set(values)), default="")
    shared = len(set(sections[best]) & set(values)) if best else 0
    return best if 2 * shared >= len(values) and shared else ""


def _what(values: Mapping[str, Any], sections: Mapping[str, Sequence[str]]) -> str:
    section = _section(values, sections)
    return f"the section {section}" if section else ", ".join(list(values)[:4])


def _short(value: Any) -> str:
    text = json.dumps(value) if not isinstance(value, list) or value else "nothing"
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
