"""What rules ask about calibrations from people: the trials whose keypoints they are computed from."""

from __future__ import annotations

from typing import Any

from kineograph.dataset.records import Trial
from kineograph.planning.paths import Wildcards
from kineograph.planning.plan_part import PlanPart

PEOPLE = "people"
FINDING = ("known_distance", "up")
"""Keys of the section ``calibration`` that apply to calibrations from people only."""
TIMING = {
    "motion": ("max_offset_s", "min_confidence"),
    "timestamps": ("max_offset_s", "min_confidence"),
    "given": ("offsets_s", "min_confidence"),
    "none": ("min_confidence",),
}
"""Keys of the section ``synchronization`` that apply, by its method."""
WITHIN_S = 1.0
"""Where no limit is stated, offsets are looked for up to this, and as much farther as those that are known about are apart."""


class PeoplePlan(PlanPart):
    """The answers on calibrations from people."""

    def keypoints(self, wildcards: Wildcards) -> list[str]:
        """The keypoints of all cameras of all trials that have the calibration."""
        return [path for trial in self._trials(wildcards) for path in self._plan.of_trial(trial, "keypoints")]

    def settings(self, wildcards: Wildcards, calibration: dict[str, Any]) -> dict[str, Any]:
        """The settings that apply: the calibration's own, and what is known of each trial."""
        own = {key: calibration[key] for key in FINDING}
        stated = calibration["known_distance"] is not None
        trials = {
            trial.name: {
                "cameras": [camera.name for camera in trial.cameras],
                "timing": self._timing(trial),
                "heights_m": {} if stated else self._heights_m(trial),
            }
            for trial in self._trials(wildcards)
        }
        return own | {"trials": trials}

    def arguments(self, wildcards: Wildcards) -> list[str]:
        """The command line's arguments by which the keypoints are found."""
        session = self._plan.variants.owner(wildcards.session, "keypoints")
        return ["--results", self._plan.layout.root, "--session", session]

    def _trials(self, wildcards: Wildcards) -> list[Trial]:
        return self._plan.dataset.trials_calibrated_by(wildcards.session, wildcards.calibration)

    def _timing(self, trial: Trial) -> dict[str, Any]:
        section = self._plan.config.section("synchronization", session=trial.session, trial=trial.name)
        method = str(section["method"])
        timing = {"method": method} | {key: section[key] for key in TIMING[method]}
        if timing.get("max_offset_s", 0) is None:
            about_s = [0.0, *(section["approx_offsets_s"].values() if method == "motion" else ())]
            timing["max_offset_s"] = WITHIN_S + max(about_s) - min(about_s)
        return timing

    def _heights_m(self, trial: Trial) -> dict[str, float | None]:
        return {name: self._plan.dataset.participants[name].height_m for name in trial.participants}
