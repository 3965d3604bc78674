"""One GPU for one job: Snakemake counts GPUs but does not say which one a job may use.

Each GPU has a lock file; a job takes the first that is free and keeps it until its process ends, however it ends. Where
SLURM has chosen a GPU, that one is used. With `resources: gpu=N` for N GPUs no job ever waits.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import tempfile
import time
from pathlib import Path

DEVICES_VARIABLE = "KINEOGRAPH_GPUS"
"""GPUs to use, such as ``0,2``; without it, those of CUDA_VISIBLE_DEVICES, else all that the driver lists."""
VISIBLE = "CUDA_VISIBLE_DEVICES"
WAIT_S = 0.2

_held: list[int] = []


def take_gpu(folder: Path | None = None) -> str | None:
    """Take a free GPU for this process and make it the only visible one; wait where all are taken.

    Parameters
    ----------
    folder : Path, optional
        Where the lock files are; by default a folder of the user's among the temporary files of this machine.

    Returns
    -------
    str or None
        The GPU as CUDA names it; None where there is no GPU, or SLURM has chosen.
    """
    if os.environ.get("SLURM_JOB_ID") and os.environ.get(VISIBLE):
        return None
    found = devices()
    if not found:
        return None
    place = folder or Path(tempfile.gettempdir()) / f"kineograph-gpu-{os.getuid()}"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        for device in found:
            handle = os.open(place / f"{device}.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                continue
            _held.append(handle)
            os.environ[VISIBLE] = device
            return device
        time.sleep(WAIT_S)


def devices() -> list[str]:
    """The GPUs that jobs may use, as CUDA names them."""
    for variable in (DEVICES_VARIABLE, VISIBLE):
        if variable in os.environ:
            return [device.strip() for device in os.environ[variable].split(",") if device.strip()]
    try:
        done = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = [line for line in done.stdout.splitlines() if line.startswith("GPU ")]
    return [str(index) for index in range(len(lines))]
