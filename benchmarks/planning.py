"""What it costs to plan a large dataset: CPU seconds and memory of Snakemake's dry run, before the first run and after the last.

.venv/bin/python benchmarks/planning.py --trials 1000 --cameras 8 --up-to-date

The dataset is made here: ten trials a session, a file of 2 MB for each camera of a trial: a video's header and nothing behind it,
because planning reads no more. For the finished dataset nothing is computed: every result is an empty file, made in the order of
the jobs, and ``snakemake --touch`` records the settings, code and inputs of each job, exactly as a run would have. The cache is a
folder of its own: the user's is left alone. So the first row has the digests of all code in it, which a user's cache remembers.
"""

from __future__ import annotations

import argparse
import os
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
TRIALS_A_SESSION = 10
VIDEO_BYTES = 2_000_000
FRAMES, RATE_HZ = 3000, 60
PLANNED = "--dry-run", "--quiet", "rules", "progress"
"""The whole graph, which jobs are to run and how many: with these two Snakemake ends there, and prints no job."""
PRINTED = "--dry-run", "--quiet", "all"
"""The same, and the text of each job, as `kineograph plan` reads it."""


def header() -> bytes:
    """The boxes of an MP4 file that state its number of frames and their rate."""

    def box(kind: bytes, *content: bytes) -> bytes:
        body = b"".join(content)
        return struct.pack(">I4s", 8 + len(body), kind) + body

    times = box(b"stts", struct.pack(">4I", 0, 1, FRAMES, 1))
    rate = box(b"mdhd", struct.pack(">6I", 0, 0, 0, RATE_HZ, FRAMES, 0))
    pictures = box(b"hdlr", bytes(8) + b"vide" + bytes(12))
    track = box(b"trak", box(b"mdia", rate, pictures, box(b"minf", box(b"stbl", times))))
    return box(b"ftyp", b"isom", bytes(4)) + box(b"moov", track)


def make_dataset(root: Path, trials: int, cameras: int) -> None:
    """Folders of trials, with a file a camera of which no two are the same."""
    for number in range(trials):
        session = root / "data" / f"S{number // TRIALS_A_SESSION:03d}"
        videos = session / f"T{number % TRIALS_A_SESSION:02d}" / "videos"
        videos.mkdir(parents=True)
        for camera in range(cameras):
            with (videos / f"cam{camera + 1:02d}.mp4").open("wb") as file:
                file.write(header() + f"{number} {camera}".encode())
                file.truncate(VIDEO_BYTES)
        calibration = session / "calibration"
        calibration.mkdir(exist_ok=True)
        (calibration / "calibration.toml").write_text("# not read")
    (root / "config.yaml").write_text("dataset: data\n")


def snakemake(root: Path, *arguments: str) -> tuple[str, float, float]:
    """What Snakemake prints, its CPU seconds (start and imports included) and its largest memory in MB."""
    command = [sys.executable, "-c", MEASURED, "--snakefile", str(REPOSITORY / "Snakefile"), "--cores", "1"]
    command += ["--configfile", "config.yaml", "--workflow-profile", "none", *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "KINEOGRAPH_CACHE": str(root / "cache")}
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, env=environment, check=False)
    text, _, used = done.stdout.rpartition("\nUSED ")
    if done.returncode or not used:
        raise RuntimeError(done.stderr[-2000:])
    cpu_s, memory_mb = used.split()
    return text + done.stderr, float(cpu_s), float(memory_mb)


MEASURED = """
import resource, sys
from snakemake.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    code = end.code
used = resource.getrusage(resource.RUSAGE_SELF)
print(f"\\nUSED {used.ru_utime + used.ru_stime:.2f} {used.ru_maxrss / 1024:.0f}")
sys.exit(code)
"""


def finish(root: Path) -> None:
    """Leave the dataset as a run would: all results there, and Snakemake's record of each."""
    text, _, _ = snakemake(root, "--dry-run")
    outputs = [path for line in re.findall(r"^    output: (.*)$", text, re.M) for path in line.split(", ")]
    for path in outputs:
        if Path(path).suffix:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text("")
        else:
            (root / path).mkdir(parents=True, exist_ok=True)
    snakemake(root, "--touch", "--forceall", "--quiet", "all")


def main() -> None:
    """Print a row for each plan."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--up-to-date", action="store_true", help="measure the finished dataset, too (minutes)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        make_dataset(root, args.trials, args.cameras)
        text, *printed = snakemake(root, *PRINTED)
        jobs = int(re.findall(r"^total +(\d+)", text, re.M)[-1])
        print("| trials x cameras | jobs | state | CPU s | ms a job | memory, MB |\n|---|---|---|---|---|---|")

        def row(state: str, cpu_s: float, memory_mb: float) -> None:
            size = f"{args.trials} x {args.cameras} | {jobs}"
            print(f"| {size} | {state} | {cpu_s:.1f} | {1000 * cpu_s / jobs:.2f} | {memory_mb:.0f} |", flush=True)

        row("nothing was run", *snakemake(root, *PLANNED)[1:])
        row("the same, printed", *printed)
        if args.up_to_date:
            finish(root)
            text, *figures = snakemake(root, *PRINTED)
            if "Nothing to be done" not in text:
                raise RuntimeError(f"the dataset was to be up to date: {text[-2000:]}")
            row("up to date", *figures)
    print(f"\nThe machine's load while measuring: {os.getloadavg()[0]:.1f} (CPU seconds grow where cores are shared)")


if __name__ == "__main__":
    main()
