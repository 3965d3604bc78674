"""Write the conda environment files from the lock files: the same pins, through pip inside conda.

python3 envs/conda.py core pose-cpu pose-gpu test
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
PYTHON = "3.11"


def pins(lock: str) -> list[str]:
    """The requirement lines of a lock file, without their hashes, in the file's order."""
    lines = lock.replace("\\\n", " ").splitlines()
    return [line.split(" --hash=")[0].strip() for line in lines if line and not line.startswith((" ", "#"))]


def conda_yaml(name: str, lock: str) -> str:
    """A conda environment file with the pins of `lock`."""
    requirements = "\n".join(f'      - "{pin}"' for pin in pins(lock))
    return (
        f"# Made by envs/lock.sh from {name}.lock; the same pins, for those who use conda.\n"
        f"channels:\n  - conda-forge\n  - nodefaults\ndependencies:\n  - python={PYTHON}\n  - pip\n  - pip:\n{requirements}\n"
    )


if __name__ == "__main__":
    for name in sys.argv[1:]:
        (HERE / f"{name}.yaml").write_text(conda_yaml(name, (HERE / f"{name}.lock").read_text()))
