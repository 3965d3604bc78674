"""What rules ask about the calibrations that trials share: who has one, and whether its refined form is to be used."""

from __future__ import annotations

from collections.abc import Callable

from kineograph.dataset.records import Trial
from kineograph.planning.paths import Wildcards
from kineograph.planning.plan_part import PlanPart
from kineograph.settings.text import canonical

SEEN = ("inputs", "keypoints", "synchronization", "tracks", "association_report")
"""The kinds of files that tell what a trial's cameras saw of whom."""


class RefinementPlan(PlanPart):
    """The answers on refined calibrations."""

    def wanted(self, session: str) -> bool:
        """Whether the calibrations of a session are refined."""
        return bool(self._plan.config.section("calibration", session=session)["refine"])

    def calibration(self, wildcards: Wildcards) -> str:
        """The calibration that a trial's points are made with: the refined one, where calibrations are refined."""
        kind = "refined_calibration" if self.wanted(wildcards.session) else "calibration"
        return self._plan.of_trial(self._plan.trial(wildcards), kind)[0]

    def reports(self, wildcards: Wildcards) -> list[str]:
        """The report on the refinement of a trial's calibration; none where calibrations are not refined."""
        if not self.wanted(wildcards.session):
            return []
        return self._plan.of_trial(self._plan.trial(wildcards), "refinement_report")

    def trials(self, wildcards: Wildcards) -> str:
        """The names of the trials that have the calibration of the wildcards, as JSON."""
        return canonical([trial.name for trial in self._trials(wildcards)])

    def heights(self, wildcards: Wildcards) -> str:
        """The known heights, m, of the participants of the trials that have the calibration of the wildcards, as JSON."""
        names = {name for trial in self._trials(wildcards) for name in trial.participants}
        people = {name: self._plan.dataset.participants[name].height_m for name in sorted(names)}
        return canonical({name: height for name, height in people.items() if height is not None})

    def elsewhere(self, wildcards: Wildcards) -> str:
        """The kinds of files of those trials that a session under other settings has from the one it varies, as JSON."""
        owners = {kind: self._plan.variants.owner(wildcards.session, kind) for kind in SEEN}
        return canonical({kind: owner for kind, owner in owners.items() if owner != wildcards.session})

    def of_its_trials(self, *kinds: str) -> Callable[[Wildcards], list[str]]:
        """An input function: the paths of these kinds for all trials that have the calibration of the wildcards."""
        return lambda wildcards: [
            path for trial in self._trials(wildcards) for path in self._plan.of_trial(trial, *kinds)
        ]

    def each_calibration(self, kind: str) -> list[str]:
        """The paths of a kind for all calibrations of all sessions."""
        return list(dict.fromkeys(self._plan.each_trial(kind)))

    def _trials(self, wildcards: Wildcards) -> list[Trial]:
        return self._plan.dataset.trials_calibrated_by(wildcards.session, wildcards.calibration)
