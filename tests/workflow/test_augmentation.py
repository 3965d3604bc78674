"""The workflow with a network's markers, to the joint angles."""

from __future__ import annotations

import json

import pytest
import yaml

from kineograph.catalog.augmenters import read_augmenter_card
from kineograph.io.trc import read_trc
from kineograph.opensim.setup_files import read_marker_names
from workflow.conftest import EVERYTHING

pytestmark = pytest.mark.slow


def test_scaling_and_joint_angles_follow_the_networks_markers(project, resources):
    config = yaml.safe_load((project.root / "config.yaml").read_text())
    config |= {"augmentation": {"method": "opencap_lstm"}, "kinematics": {"filter": "whittaker"}}
    (project.root / "config.yaml").write_text(yaml.safe_dump(config))
    outcome = project.snakemake(*EVERYTHING)
    assert outcome.code == 0, outcome.text
    outputs = set(read_augmenter_card("opencap_lstm", resources / "augmenters").outputs)
    session = project.root / "results" / "S1"
    assert outputs <= set(read_trc(session / "T2" / "markers" / "P1.trc").names)
    assert outputs <= read_marker_names(session / "participants" / "P1" / "model.osim")
    report = json.loads((session / "T2" / "kinematics" / "P1.json").read_text())
    assert report["came_out"]["frames_solved"] == report["came_in"]["frames"]
    assert outputs & set(report["came_in"]["markers"])
    stages = {item["stage"] for item in json.loads((session / "T2" / "verdict.json").read_text())["stages"]}
    assert "augmentation" in stages
    assert project.plan() == {}
