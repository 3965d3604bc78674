"""The SLURM profile fits the graph: its groups can be submitted, whatever is switched on. Needs no SLURM."""

from __future__ import annotations

import pytest
import yaml


@pytest.mark.parametrize(
    "settings", [{}, {"augmentation": {"method": "opencap_lstm"}, "report": {"overlay_video": True}}]
)
def test_groups_of_the_slurm_profile_hold_whole_parts_of_the_graph(project, settings):
    config = project.root / "config.yaml"
    config.write_text(yaml.safe_dump(yaml.safe_load(config.read_text()) | settings))
    outcome = project.snakemake("--profile", "profiles/slurm", "--dry-run", "--forceall")
    assert outcome.code == 0, outcome.text
    assert "rule solve_kinematics" in outcome.text
