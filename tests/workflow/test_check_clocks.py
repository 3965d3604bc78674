"""`kineograph check` on what is stated of the cameras' clocks: offsets and files of times."""

from __future__ import annotations

import json

import pytest
import yaml

from kineograph.cli.__main__ import main
from synthetic.study import FRAMES, write_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    root = tmp_path_factory.mktemp("clocks")
    write_study(root, trials=("T1", "T2"), cameras=2)
    for trial in ("T1", "T2"):
        for camera, count in (("cam01", FRAMES), ("cam02", FRAMES if trial == "T1" else FRAMES - 1)):
            times = "\n".join(f"{frame / 60:.4f}" for frame in range(count))
            (root / "data" / "S1" / trial / "keypoints" / f"{camera}.timestamps.csv").write_text(times)
    return root


def checked(root, monkeypatch, settings) -> list[dict]:
    """The mistakes that are found with these settings of the section ``synchronization``."""
    config = yaml.safe_load((root / "config.yaml").read_text()) | {"synchronization": settings}
    (root / "other.yaml").write_text(yaml.safe_dump(config))
    monkeypatch.chdir(root)
    code = main(["check", "--configfile", "other.yaml", "--json", "list.json"])
    listed = json.loads((root / "list.json").read_text())
    found = [item for item in listed if "synchronization" in json.dumps(item) or "timestamps" in item["text"]]
    mistakes = [item for item in found if item["severity"] in ("stops", "error")]
    assert not mistakes or code == 2
    return found


@pytest.mark.parametrize(
    ("settings", "severity", "text"),
    [
        ({"method": "given", "offsets_s": {"cam01": 0}}, "error", "no offset for camera 'cam02'"),
        ({"method": "given"}, "error", "no offset for camera 'cam01'"),
        ({"method": "given", "offsets_s": {"cam01": 0, "cam02": 1, "cam3": 2}}, "stops", "offsets_s names 'cam3'"),
        ({"approx_offsets_s": {"cam3": 2}}, "stops", "approx_offsets_s names 'cam3'"),
        ({"method": "none", "approx_offsets_s": {"cam02": 2}}, "warning", "approx_offsets_s is not read"),
        ({"offsets_s": {"cam02": 2}}, "warning", "offsets_s is not read"),
    ],
)
def test_a_mistake_is_named_before_anything_runs(study, monkeypatch, settings, severity, text):
    found = checked(study, monkeypatch, settings)
    trials = ("",) if severity == "stops" else ("S1/T1", "S1/T2")
    assert [(item["severity"], item["trial"]) for item in found if text in item["text"]] == [
        (severity, name) for name in trials
    ]


def test_times_that_do_not_fit_are_an_error_of_their_trial(study, monkeypatch):
    (item,) = checked(study, monkeypatch, {"method": "timestamps"})
    assert (item["severity"], item["trial"]) == ("error", "S1/T2")
    assert "'cam02' don't fit" in item["text"]
    path = study / "data" / "S1" / "T1" / "keypoints" / "cam01.timestamps.csv"
    content = path.read_text()
    path.unlink()
    found = checked(study, monkeypatch, {"method": "timestamps"})
    path.write_text(content)
    (missing,) = [item for item in found if "cam01.timestamps.csv can't be used" in item["text"]]
    assert missing["trial"] == "S1/T1"


def test_what_is_complete_passes(study, monkeypatch):
    assert not checked(study, monkeypatch, {"method": "given", "offsets_s": {"cam01": 0, "cam02": 0.5}})
    assert not checked(study, monkeypatch, {"approx_offsets_s": {"cam02": 0.5}})
