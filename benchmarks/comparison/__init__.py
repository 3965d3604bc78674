"""Parts of the benchmark against Pose2Sim: scenes, their files, each tool's run, measures, tables."""

from __future__ import annotations

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

for folder in ("tests", "workflow/lib"):  # the synthetic scenes and the library, which are not installed
    sys.path.insert(0, str(REPOSITORY / folder))
