"""What the rule asks that packs a participant's results into an archive."""

from __future__ import annotations

import json
from pathlib import Path

from kineograph.planning.paths import Wildcards
from kineograph.planning.plan_part import PlanPart
from kineograph.provenance.fingerprint import fingerprint
from kineograph.settings.text import canonical

SHARED = {
    "trc": "{name}.trc",
    "motion": "{name}.mot",
    "kinematics_report": "kinematics.json",
    "verdict": "verdict.json",
}
"""What an archive holds of each trial, and where."""


class SharePlan(PlanPart):
    """The answers on archives."""

    def inputs(self, wildcards: Wildcards) -> list[str]:
        """An input function: the results that go into a participant's archive."""
        return list(json.loads(self.files(wildcards)).values())

    def files(self, wildcards: Wildcards) -> str:
        """The same as JSON, by their place in the archive; ``{name}`` stands for what the participant is called there."""
        names = {"session": wildcards.session, "participant": wildcards.participant}
        path = self._plan.path
        files = {"{name}.osim": path("model", **names), "scaling.json": path("scaling_report", **names)}
        for trial in self._plan.dataset.trials_of(wildcards.session, wildcards.participant):
            for kind, place in SHARED.items():
                files[f"{trial.name}/{place}"] = path(kind, **names, trial=trial.name)
        return canonical(files)

    def recordings(self, wildcards: Wildcards) -> str:
        """What the cameras recorded of a participant, as JSON, where the archive is to hold it."""
        if not self._shares_videos(wildcards):
            return canonical({})
        trials = self._plan.dataset.trials_of(wildcards.session, wildcards.participant)
        return canonical({f"{t.name}/videos/{c.name}": str(c.path) for t in trials for c in t.cameras})

    def recordings_content(self, wildcards: Wildcards) -> str:
        """The fingerprints of those recordings."""
        places = json.loads(self.recordings(wildcards))
        return canonical({place: fingerprint(Path(path)) for place, path in places.items()})

    def _shares_videos(self, wildcards: Wildcards) -> bool:
        names = {"session": wildcards.session, "participant": wildcards.participant}
        return bool(self._plan.config.section("sharing", **names)["videos"])
