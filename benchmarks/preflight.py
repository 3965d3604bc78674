"""How long `kineograph check` takes: trials of several cameras, some of them with mistakes; CPU and wall seconds.

Usage: python benchmarks/preflight.py [--trials 100] [--cameras 4 8] [--video FILE]
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "workflow" / "lib"), str(REPOSITORY / "tests")]


def write_dataset(root: Path, trials: int, cameras: int, video: Path | None) -> Path:
    """A dataset in which one video is cut off, one is missing and one key is misspelt."""
    import yaml

    from synthetic.study import write_study, write_videos

    config = write_study(root, trials=("T001",), source="videos", cameras=cameras)
    first = root / "data" / "S1" / "T001" / "videos"
    if video is not None:
        write_videos(first, phase=0.0, cameras=cameras, frames=2)
        for file in first.iterdir():
            shutil.copy(video, file)
    for number in range(2, trials + 1):
        shutil.copytree(first, root / "data" / "S1" / f"T{number:03}" / "videos")
    cut = root / "data" / "S1" / "T002" / "videos" / "cam01.mp4"
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    (root / "data" / "S1" / "T003" / "videos" / "cam02.mp4").unlink()
    settings = yaml.safe_load(config.read_text()) | {"filtering": {"cutof_hz": 6}}
    config.write_text(yaml.safe_dump(settings))
    return config


def measure(root: Path) -> tuple[float, float, int]:
    """CPU seconds, wall seconds and lines of one check."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "kineograph.cli", "check", "--configfile", "config.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "workflow" / "lib")}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 2:
        raise SystemExit(done.stdout + done.stderr)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall, len(done.stdout.splitlines())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--cameras", type=int, nargs="+", default=[4, 8])
    parser.add_argument("--video", type=Path, default=None, help="copied for each camera in place of a synthetic one")
    args = parser.parse_args()
    print("| trials | cameras | CPU s | wall s | lines |\n|---|---|---|---|---|")
    for cameras in args.cameras:
        with tempfile.TemporaryDirectory() as place:
            write_dataset(Path(place), args.trials, cameras, args.video)
            cpu, wall, lines = measure(Path(place))
            print(f"| {args.trials} | {cameras} | {cpu:.2f} | {wall:.2f} | {lines} |")


if __name__ == "__main__":
    main()
