"""What the scheduler is asked for grows with frames and cameras, and with each attempt."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from kineograph.dataset.records import CalibrationSource, CameraSource, Dataset, Trial
from kineograph.planning.amounts import UNKNOWN_FRAMES, Amounts


@pytest.fixture
def amounts(tmp_path):
    """Trials of two cameras: with a range in the sheet, with videos of 7 frames, from folders of 9 files, and unreadable."""
    for number, frames in enumerate((5, 7)):
        writer = cv2.VideoWriter(str(tmp_path / f"{number}.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 30, (64, 48))
        for frame in range(frames):
            writer.write(np.full((48, 64, 3), 30 * frame, np.uint8))
        writer.release()
        (tmp_path / f"{number}_json").mkdir()
        for frame in range(9 - number):
            (tmp_path / f"{number}_json" / f"{frame}.json").touch()
    kinds = {"ranged": ("video", "{}.mp4"), "videos": ("video", "{}.mp4"), "folders": ("openpose", "{}_json")}
    kinds["none"] = ("video", "nowhere_{}.mp4")
    trials = tuple(
        Trial(
            "S",
            name,
            ("P1",),
            tuple(CameraSource(f"c{n}", kind, tmp_path / path.format(n)) for n in range(2)),
            CalibrationSource("session", tmp_path),
            frames=(10, 109) if name == "ranged" else None,
        )
        for name, (kind, path) in kinds.items()
    )
    dataset = Dataset(trials)
    plan = SimpleNamespace(dataset=dataset, trial=lambda wildcards: dataset.trial(wildcards.session, wildcards.trial))
    return Amounts(plan)


def test_the_views_of_each_kind_of_job(amounts):
    trials = {name: amounts.views(SimpleNamespace(session="S", trial=name)) for name in ("ranged", "videos", "folders")}
    assert trials == {"ranged": 200, "videos": 14, "folders": 18}
    assert amounts.views(SimpleNamespace(session="S", trial="none")) == 2 * UNKNOWN_FRAMES
    assert amounts.views(SimpleNamespace(session="S", trial="ranged", camera="c0")) == 7  # the whole video
    everything = 200 + 14 + 18 + 2 * UNKNOWN_FRAMES
    assert amounts.views(SimpleNamespace(session="S", participant="P1")) == everything
    assert amounts.views(SimpleNamespace(session="S", calibration="session")) == everything
    assert amounts.views(SimpleNamespace()) == 0


def test_memory_and_time_grow_with_the_views_and_each_attempt(amounts):
    resources = amounts.asks_for(mem_mb=500, runtime=10, per_view=(2.0, 0.1))
    job = SimpleNamespace(session="S", trial="ranged")
    assert [resources["mem_mb"](job, attempt) for attempt in (1, 2, 3)] == [900, 1800, 2700]
    assert resources["runtime"](job, 1) == 30
    fixed = amounts.asks_for(mem_mb=500, runtime=10)
    assert fixed["mem_mb"](job, 2) == 1000
