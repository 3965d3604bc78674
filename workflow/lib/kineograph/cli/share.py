"""Pack a participant's results into a ZIP archive to be passed on: markers, joint angles, the model, and the verdicts."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

from kineograph import __version__
from kineograph.cli._common_arguments import add_result, add_settings, json_argument
from kineograph.exports._zip_file import write_zip
from kineograph.settings.text import from_json

NOBODY = "participant"
"""What a participant is called in archives without names."""
README = """\
Results of Kineograph {version}: session {session}, {name}.

<trial>/{name}.trc      markers, m, y up
<trial>/{name}.mot      joint angles, degrees; pelvis translations, m
<trial>/videos/         the recordings, where they were asked for
{name}.osim             the OpenSim model
{more}"""
NAMED = "*.json                  what each stage found, and whether it can be trusted\n"
UNNAMED = """\
The participant's name, height and mass were left out, and the reports that state them; bodies of the model have no mass. The
markers and the model still show how the body is built, and names of sessions and trials are as they were.
"""


@dataclass(frozen=True)
class ShareSettings:
    """Settings of the section sharing.

    Attributes
    ----------
    videos : bool
        Whether the recordings are in the archive.
    anonymous : bool
        Whether the participant's name, height and mass are left out.
    """

    videos: bool = False
    anonymous: bool = False


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--session", required=True)
    parser.add_argument("--participant", required=True)
    parser.add_argument(
        "--files", type=json_argument, required=True, metavar="JSON", help="place in the archive -> file"
    )
    parser.add_argument("--recordings", type=json_argument, default={}, metavar="JSON", help="the same for recordings")
    add_settings(parser)
    add_result(parser, report=False)


def run(args: argparse.Namespace) -> None:
    """Gather and write."""
    settings = from_json(ShareSettings, args.settings)
    name = NOBODY if settings.anonymous else args.participant
    members: dict[str, bytes | Path] = {}
    for place, path in args.files.items():
        if settings.anonymous and place.endswith(".json"):
            continue
        content = Path(path).read_bytes()
        members[place.replace("{name}", name)] = _unnamed(content, place, name) if settings.anonymous else content
    if settings.videos:
        for place, path in args.recordings.items():
            members |= _recording(place, Path(path))
    more = UNNAMED if settings.anonymous else NAMED
    text = README.format(version=__version__, session=args.session, name=name, more=more)
    write_zip(args.out, {**members, "README.txt": text.encode()})


def _unnamed(content: bytes, place: str, name: str) -> bytes:
    """A file without the participant's name and mass: TRC files state their own name, models a name and masses."""
    if place.endswith(".trc"):
        first, line, rest = content.partition(b"\n")
        return first[: first.rfind(b"\t") + 1] + f"{name}.trc".encode() + line + rest
    if place.endswith(".osim"):
        content = re.sub(rb'<Model name="[^"]*"', f'<Model name="{name}"'.encode(), content, count=1)
        content = re.sub(rb"<mass>[^<]*</mass>", b"<mass>0</mass>", content)
        return re.sub(rb"<inertia>[^<]*</inertia>", b"<inertia>0 0 0 0 0 0</inertia>", content)
    return content


def _recording(place: str, path: Path) -> dict[str, Path]:
    """A camera's video, or the files of its folder."""
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*")) if file.is_file()]
        return {f"{place}/{file.relative_to(path).as_posix()}": file for file in files}
    return {f"{place}{path.suffix}": path}
