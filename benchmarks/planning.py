"""What it costs to plan a large dataset: CPU seconds and memory of Snakemake's dry run, before the first run and after the last.

.venv/bin/python benchmarks/planning.py --trials 1000 --cameras 8 --up-to-date

The dataset is made here: ten trials a session, a file of 2 MB for each camera of a trial: a video's header and nothing behind it,
because planning reads no more. For the finished dataset nothing is computed: every result is an empty file, made in the order of
the jobs, and ``snakemake --touch`` records the settings, code and inputs of each job, exactly as a run would have. The cache is a
folder of its own: the user's is left alone. So the first row has the digests of all code in it, which a user's cache remembers.

``--bare`` measures, instead, a workflow of the same jobs as 1,000 trials with 8 cameras have, which is patterns and nothing else.
Its finished dataset is files in the order of the jobs, without any record of Snakemake's.
"""

from __future__ import annotations

import argparse
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
TRIALS_A_SESSION = 10
VIDEO_BYTES = 2_000_000
FRAMES, RATE_HZ = 3000, 60
BARE = "benchmarks/bare_workflow.smk"
PLANNED = "--dry-run", "--quiet", "rules", "progress"
"""The whole graph, which jobs are to run and how many: with these two Snakemake ends there, and prints no job."""
PRINTED = "--dry-run", "--quiet", "all"
"""The same, and the text of each job, as `kineograph plan` reads it."""


def header() -> bytes:
    """The boxes of an MP4 file that state its number of frames and their rate."""

    def box(kind: bytes, *content: bytes) -> bytes:
        body = b"".join(content)
        return struct.pack(">I4s", 8 + len(body), kind) + body

    shown = box(b"tkhd", bytes(40) + struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30) + bytes(8))
    rate = box(b"mdhd", struct.pack(">6I", 0, 0, 0, RATE_HZ, FRAMES, 0))
    pictures = box(b"hdlr", bytes(8) + b"vide" + bytes(12))
    size = box(b"stsd", bytes(8 + 8 + 24) + struct.pack(">HH", 1920, 1080))
    samples = box(b"stsz", struct.pack(">3I", 0, 0, FRAMES))
    track = box(b"trak", shown, box(b"mdia", rate, pictures, box(b"minf", box(b"stbl", size, samples))))
    return box(b"ftyp", b"isom", bytes(4)) + box(b"moov", track)


def make_dataset(root: Path, trials: int, cameras: int) -> None:
    """Folders of trials, with a file a camera of which no two are the same."""
    start = header()
    for number in range(trials):
        session = root / "data" / f"S{number // TRIALS_A_SESSION:03d}"
        videos = session / f"T{number % TRIALS_A_SESSION:02d}" / "videos"
        videos.mkdir(parents=True)
        for camera in range(cameras):
            with (videos / f"cam{camera + 1:02d}.mp4").open("wb") as file:
                file.write(
                    start + struct.pack(">I4s", VIDEO_BYTES - len(start), b"mdat") + f"{number} {camera}".encode()
                )
                file.truncate(VIDEO_BYTES)
        calibration = session / "calibration"
        calibration.mkdir(exist_ok=True)
        (calibration / "calibration.toml").write_text("# not read")
    (root / "config.yaml").write_text("dataset: data\n")


def snakemake(root: Path, *arguments: str, snakefile: str = "Snakefile") -> tuple[str, float, float]:
    """What Snakemake prints, its CPU seconds (start and imports included) and its largest memory in MB."""
    command = [sys.executable, "-c", MEASURED, "--snakefile", str(REPOSITORY / snakefile), "--cores", "1"]
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


def finish_bare(root: Path) -> None:
    """Leave the results of the bare workflow, each younger than what it is made from."""
    text, _, _ = snakemake(root, "--dry-run", snakefile=BARE)
    outputs = [path for line in re.findall(r"^    output: (.*)$", text, re.M) for path in line.split(", ")]
    start_s = time.time()
    for number, path in enumerate(outputs):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("")
        os.utime(root / path, (start_s + number * 1e-3,) * 2)


def row(trials: int, cameras: int, jobs: int, state: str, cpu_s: float, memory_mb: float) -> None:
    """Print a row of the table."""
    size = f"{trials} x {cameras} | {jobs}"
    print(f"| {size} | {state} | {cpu_s:.1f} | {1000 * cpu_s / jobs:.2f} | {memory_mb:.0f} |", flush=True)


def main() -> None:
    """Print a row for each plan."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--up-to-date", action="store_true", help="measure the finished dataset, too (minutes)")
    parser.add_argument("--bare", action="store_true", help="measure the bare workflow instead, of 1,000 trials")
    args = parser.parse_args()
    trials, cameras = (1000, 8) if args.bare else (args.trials, args.cameras)
    snakefile = BARE if args.bare else "Snakefile"
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        make_dataset(root, trials, cameras)
        text, *printed = snakemake(root, *PRINTED, snakefile=snakefile)
        jobs = int(re.findall(r"^total +(\d+)", text, re.M)[-1])
        print("| trials x cameras | jobs | state | CPU s | ms a job | memory, MB |\n|---|---|---|---|---|---|")
        row(trials, cameras, jobs, "nothing was run", *snakemake(root, *PLANNED, snakefile=snakefile)[1:])
        row(trials, cameras, jobs, "the same, printed", *printed)
        if args.up_to_date:
            finish_bare(root) if args.bare else finish(root)
            text, *figures = snakemake(root, *PRINTED, snakefile=snakefile)
            if "Nothing to be done" not in text:
                raise RuntimeError(f"the dataset was to be up to date: {text[-2000:]}")
            row(trials, cameras, jobs, "up to date", *figures)
    print(f"\nThe machine's load while measuring: {os.getloadavg()[0]:.1f} (CPU seconds grow where cores are shared)")


if __name__ == "__main__":
    main()
