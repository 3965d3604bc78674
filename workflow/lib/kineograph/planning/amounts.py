"""How much memory and time the scheduler is asked for: so much a job, and so much for each frame of each camera."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

from kineograph.dataset.records import CameraSource, Trial
from kineograph.dataset.video_rate import stated_frames
from kineograph.planning.paths import Wildcards
from kineograph.planning.plan import Plan
from kineograph.planning.signatures import keeps_signature

Resource = Callable[[Wildcards, int], int]
UNKNOWN_FRAMES = 18_000
"""A trial of which nothing tells the length is taken for one of ten minutes at 30 Hz."""


class Amounts:
    """The amounts for one dataset.

    A trial's length is the range of frames that its sheet gives; else what the header of its largest recording states,
    since its cameras saw the same seconds: one header a trial is read, once.

    Parameters
    ----------
    plan : Plan
        The plan of the configuration.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def asks_for(
        self, mem_mb: float, runtime: float, per_view: tuple[float, float] = (0.0, 0.0)
    ) -> dict[str, Resource]:
        """Memory and time of a rule's jobs, as Snakemake's resources.

        Parameters
        ----------
        mem_mb, runtime : float
            Memory, MB, and time, minutes, of a job without frames.
        per_view : (float, float)
            What each view adds to them; a view is one frame of one camera.
        """
        each_mb, each_min = per_view
        return {"mem_mb": self._resource(mem_mb, each_mb), "runtime": self._resource(runtime, each_min)}

    def _resource(self, fixed: float, per_view: float) -> Resource:
        """So much at the first attempt, and as much again at each further one."""
        if not per_view:
            return keeps_signature(lambda wildcards, attempt: round(fixed) * attempt)
        return keeps_signature(lambda wildcards, attempt: round(fixed + per_view * self.views(wildcards)) * attempt)

    def views(self, wildcards: Wildcards) -> int:
        """The views that a job works on: its camera's, its trial's, or those of all trials that it is made from."""
        trials = self._trials(wildcards)
        if hasattr(wildcards, "trial") and hasattr(wildcards, "camera"):
            return self._length(trials[0], trials[0].cameras, whole=True)
        return sum(self._length(trial, trial.cameras) * len(trial.cameras) for trial in trials)

    def _trials(self, wildcards: Wildcards) -> Sequence[Trial]:
        if hasattr(wildcards, "trial"):
            return [self._plan.trial(wildcards)]
        if hasattr(wildcards, "participant"):
            return self._plan.dataset.measured_trials_of(wildcards.session, wildcards.participant)
        if hasattr(wildcards, "calibration"):
            return self._plan.dataset.trials_calibrated_by(wildcards.session, wildcards.calibration)
        return []

    def _length(self, trial: Trial, cameras: tuple[CameraSource, ...], *, whole: bool = False) -> int:
        """Frames of a trial; `whole`: of its recordings, whatever range of them is used."""
        if trial.frames and not whole:
            return trial.frames[1] - trial.frames[0] + 1
        return _longest(cameras)


@functools.cache
def _longest(cameras: tuple[CameraSource, ...]) -> int:
    """Frames of the largest of these recordings."""
    files = [camera for camera in cameras if camera.kind == "video"]
    if files:
        return stated_frames(max((camera.path for camera in files), key=_size)) or UNKNOWN_FRAMES
    folders = [sum(1 for _ in camera.path.iterdir()) for camera in cameras if camera.path.is_dir()]
    return max(folders, default=UNKNOWN_FRAMES)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
