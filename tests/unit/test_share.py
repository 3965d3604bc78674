"""The archive of a participant: what is in it, what is left out, and the same bytes each time."""

from __future__ import annotations

import json
import zipfile

import pytest

from kineograph.cli.__main__ import main

NAME = "Jane_Doe"


@pytest.fixture
def results(tmp_path):
    files = {
        "{name}.osim": f'<Model name="{NAME}"><mass>11.5</mass><inertia>1 2 3 0 0 0</inertia></Model>',
        "scaling.json": json.dumps({"height_m": 1.83, "participant": NAME}),
        "walk/{name}.trc": f"PathFileType\t4\t(X/Y/Z)\t{NAME}.trc\nDataRate\t60\n",
        "walk/{name}.mot": "Coordinates\n",
        "walk/verdict.json": json.dumps({"participants": [NAME]}),
    }
    paths = {}
    for number, (place, text) in enumerate(files.items()):
        paths[place] = tmp_path / f"{number}"
        paths[place].write_text(text)
    (tmp_path / "cam01.mp4").write_bytes(b"moving pictures")
    return {place: str(path) for place, path in paths.items()}, {"walk/videos/cam01": str(tmp_path / "cam01.mp4")}


def packed(results, out, **settings):
    files, recordings = results
    arguments = [
        "--files",
        json.dumps(files),
        "--recordings",
        json.dumps(recordings),
        "--settings",
        json.dumps(settings),
    ]
    assert main(["share", "--session", "S1", "--participant", NAME, *arguments, "--out", str(out)]) == 0
    with zipfile.ZipFile(out) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_everything_but_videos(results, tmp_path):
    found = packed(results, tmp_path / "a.zip")
    assert set(found) == {
        f"{NAME}.osim", "scaling.json", f"walk/{NAME}.trc", f"walk/{NAME}.mot", "walk/verdict.json", "README.txt"
    }  # fmt: skip
    assert packed(results, tmp_path / "b.zip", videos=True)["walk/videos/cam01.mp4"] == b"moving pictures"


def test_no_name_height_or_mass_where_they_are_to_be_left_out(results, tmp_path):
    found = packed(results, tmp_path / "a.zip", anonymous=True)
    assert set(found) == {"participant.osim", "walk/participant.trc", "walk/participant.mot", "README.txt"}
    whole = b"".join([*found.values(), *(name.encode() for name in found)])
    assert NAME.encode() not in whole
    assert b"11.5" not in whole
    assert b"1.83" not in whole
    assert found["walk/participant.trc"] == b"PathFileType\t4\t(X/Y/Z)\tparticipant.trc\nDataRate\t60\n"


def test_the_same_results_give_the_same_bytes(results, tmp_path):
    packed(results, tmp_path / "a.zip")
    packed(results, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
