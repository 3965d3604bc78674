"""Is a refined size a surprise? Not where the pairs of markers disagreed on it before."""

from __future__ import annotations

import numpy as np
import pytest

from kineograph.model.report import StageReport
from kineograph.opensim.setup_files import Measurement
from kineograph.stages.refine_model import Check, Refined, factor_groups
from kineograph.stages.refinement_frames import ChosenFrames
from kineograph.stages.refinement_report import with_refinement

PLACES_M = {"Head": np.array([0.0, 0.16, 0.0]), "Nose": np.array([0.1, 0.01, 0.0]), "Neck": np.array([0.0, -0.05, 0.0])}
PAIRS = (("Head", "Neck"), ("Head", "Nose"))


def reasons(ratios, change):
    """Of a head that refinement makes that many times as large, and whose pairs are that many times as long as the model's."""
    before = {"head": np.full(3, np.mean(ratios))}
    head = Measurement("head", PAIRS, {"head": "XYZ"})
    groups = factor_groups([head], before, PLACES_M, True, dict(zip(PAIRS, ratios, strict=True)))
    frame = np.zeros(1, int)
    frames = ChosenFrames(frame, frame, np.zeros(1), (), np.zeros((1, 0, 3)), np.zeros((1, 0)))
    check = Check(np.zeros(1, bool), np.ones((2, 2)), np.array([0.4, 0.5]))
    after = {"head": before["head"] * change}
    report = StageReport("scaling", came_out={"factors": {"head": {"head": []}}})
    refined = Refined(groups, after, np.log([change]), np.array([0.01]), {}, {}, {}, frames, check)
    return [(item.verdict, item.blame) for item in with_refinement(report, refined, ["T"], before).reasons]


@pytest.mark.parametrize(
    ("ratios", "change", "found"),
    [
        ((1.12, 1.12), 1.05, []),
        ((1.12, 1.12), 1.25, [("warn", "measurement head")]),
        ((1.1, 1.14), 1.25, [("warn", "measurement head")]),
        ((1.3, 0.94), 1.25, []),
        ((1.3, 0.94), 0.55, [("warn", "measurement head")]),
    ],
    ids=["as expected", "a surprise", "pairs nearly agree", "the pairs knew no better", "beyond both pairs"],
)
def test_a_size_is_a_surprise_where_the_pairs_were_sure_of_another(ratios, change, found):
    assert reasons(ratios, change) == found
