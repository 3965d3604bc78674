"""Use by others: as a module of another workflow, from the Snakemake workflow catalog, and in a container."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import yaml

from synthetic.study import REPOSITORY, write_study

MODULE = """
module kineograph:
    snakefile: "{snakefile}"
    config: config["kineograph"]


use rule * from kineograph as kineograph_*


rule angles:
    default_target: True
    input:
        rules.kineograph_all.input,
    output:
        "angles.txt",
    shell:
        "ls {{input}} > {{output}}"
"""


@pytest.mark.slow
def test_it_is_a_module_of_another_workflow_in_another_folder(tmp_path):
    """Its rules get a prefix, and its jobs still find its library, cards and set-up files; its results feed other rules."""
    write_study(tmp_path, trials=("T1",), cameras=2)
    config = yaml.safe_load((tmp_path / "config.yaml").read_text())
    (tmp_path / "Snakefile").write_text(MODULE.format(snakefile=REPOSITORY / "workflow" / "Snakefile"))
    (tmp_path / "outer.yaml").write_text(yaml.safe_dump({"kineograph": config}))
    snakemake = [sys.executable, "-m", "snakemake", "--cores", "1", "--configfile", "outer.yaml"]
    done = subprocess.run([*snakemake, "--dry-run"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    jobs = set(re.findall(r"^(?:local)?rule (\w+):", done.stdout, re.M))
    assert "angles" in jobs
    assert {"kineograph_triangulate", "kineograph_solve_kinematics", "kineograph_dataset_page"} <= jobs
    done = subprocess.run(
        [*snakemake, "--", "results/S1/calibration/session/calibration.toml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "results" / "S1" / "calibration" / "session" / "calibration.toml").exists()


def test_the_catalog_finds_what_it_asks_for():
    """A workflow file, instructions on its configuration, and the catalog's own file with a way to install the software."""
    assert (REPOSITORY / "workflow" / "Snakefile").exists()
    assert (REPOSITORY / "config" / "README.md").exists()
    usage = yaml.safe_load((REPOSITORY / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage["software-stack-deployment"]["conda"] is True
    assert usage["mandatory-flags"]["flags"] == "--sdm conda"
    for rule_file in (REPOSITORY / "workflow" / "rules").glob("*.smk"):
        for name in re.findall(r'"\.\./\.\./(envs/[\w-]+\.yaml)"', rule_file.read_text()):
            assert (REPOSITORY / name).exists()


@pytest.mark.parametrize("recipe", ["Dockerfile", "apptainer.def"])
def test_a_container_has_the_pinned_versions(recipe):
    """From the lock files with their hashes only, on a Python that the project is made for; all that is copied is there."""
    text = (REPOSITORY / "envs" / recipe).read_text()
    installs = [line for line in text.splitlines() if "pip install" in line]
    assert len(installs) == 1
    assert {"--no-deps", "--require-hashes"} <= set(installs[0].split())
    assert re.findall(r"-r (\S+|envs/\{\{ POSE \}\}\.lock)", installs[0])[0] == "envs/core.lock"
    assert "POSE=pose-cpu" in text
    for pose in ("pose-cpu", "pose-gpu"):
        assert (REPOSITORY / "envs" / f"{pose}.lock").exists()
    minor = int(re.search(r"python:3\.(\d+)-", text)[1])
    low, high = (int(value) for value in re.search(r">=3\.(\d+),<3\.(\d+)", _requires_python()).groups())
    assert low <= minor < high
    sources = re.findall(r"^COPY (\S+)|^    (\w+) /opt/kineograph/", text, re.M)
    assert all((REPOSITORY / (first or second)).exists() for first, second in sources)
    assert {"workflow", "resources", "profiles"} <= {first or second for first, second in sources}
    assert "opensim==4.6" in (REPOSITORY / "envs" / "core.lock").read_text()
    assert "opensim==4.6" in (REPOSITORY / "pyproject.toml").read_text()


def _requires_python() -> str:
    return re.search(r'requires-python = "([^"]+)"', (REPOSITORY / "pyproject.toml").read_text())[1]
