"""CPU seconds and memory of each stage of the demo, as its commands report them themselves.

make demo && .venv/bin/python benchmarks/stages.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def run_demo(folder: Path) -> tuple[float, list[tuple[str, float, float]]]:
    """Run the demo with its results in `folder`; the wall seconds, and each command's verb, CPU seconds and memory in MB."""
    usage = folder / "usage.tsv"
    command = [sys.executable, "-m", "snakemake", "--configfile", "config/config.demo.yaml", "--quiet", "all"]
    command += ["--config", f"results={folder / 'results'}", "--nolock"]
    start = time.monotonic()
    subprocess.run(command, cwd=REPOSITORY, env={**os.environ, "KINEOGRAPH_USAGE": str(usage)}, check=True)
    wall = time.monotonic() - start
    lines = [line.split("\t") for line in usage.read_text().splitlines()]
    return wall, [(verb, float(cpu), float(memory)) for verb, cpu, memory in lines]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        wall_s, used = run_demo(Path(temporary))
    stages = defaultdict(list)
    for verb, cpu, memory in used:
        stages[verb].append((cpu, memory))
    print("| command | jobs | CPU s, all jobs | largest memory, MB |\n|---|---|---|---|")
    for verb, jobs in sorted(stages.items(), key=lambda item: -sum(cpu for cpu, _ in item[1])):
        print(f"| {verb} | {len(jobs)} | {sum(cpu for cpu, _ in jobs):.2f} | {max(memory for _, memory in jobs):.0f} |")
    print(f"\nAll jobs: {sum(cpu for _, cpu, _ in used):.1f} CPU s; the run: {wall_s:.1f} s")
