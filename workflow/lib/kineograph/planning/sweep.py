"""What the rule asks that compares the variants of a sweep."""

from __future__ import annotations

import functools
from pathlib import Path

from kineograph.planning.paths import Wildcards
from kineograph.planning.plan import Plan
from kineograph.planning.plan_part import PlanPart
from kineograph.provenance.fingerprint import fingerprints
from kineograph.settings.text import canonical
from kineograph.settings.variants import Variant

COMPARED = "coordinates"
OF_LEFT_OUT = ("coordinates", "filtered", "quality")
"""What is read of the variants that leave a camera out."""


class SweepPlan(PlanPart):
    """The answers on sweeps."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self._asked = plan.config.value("sweep") or {}

    def inputs(self, _wildcards: Wildcards) -> list[str]:
        """An input function: the results of all trials, as they are and under other settings."""
        paths: dict[str, None] = {}
        for session, variants in self._plan.variants.of_session.items():
            for holder, kinds in [(session, OF_LEFT_OUT if self._without_each else (COMPARED,))] + [
                (name, OF_LEFT_OUT if variant.leaves_out else (COMPARED,)) for variant, name in variants
            ]:
                for trial in self._plan.dataset.every_trial:
                    if trial.session == holder:
                        paths |= dict.fromkeys(self._plan.of_trial(trial, *kinds))
        return list(paths)

    def outputs(self) -> list[str]:
        """The table, the page, and the accuracy where cameras are left out."""
        kinds = ["sweep_table", "sweep_page", *(["sweep_accuracy"] if self._without_each else [])]
        return [self._plan.layout.path(kind) for kind in kinds]

    def sessions(self, _wildcards: Wildcards) -> str:
        """Each session's trials with their participants, and its variants with the session that has their angles, as JSON."""
        record: dict[str, object] = {}
        for session, variants in self._plan.variants.of_session.items():
            trials = [trial for trial in self._plan.dataset.trials if trial.session == session]
            record[session] = {
                "trials": {trial.name: list(trial.participants) for trial in trials},
                "variants": [self._described(session, variant, name) for variant, name in variants],
            }
        return canonical(record)

    def shown(self, _wildcards: Wildcards) -> str:
        """The coordinates that the configuration asks to show, as JSON."""
        return canonical(self._asked.get("coordinates") or [])

    def content(self, _wildcards: Wildcards) -> str:
        """The fingerprints of the page's template and style."""
        return self._content

    @functools.cached_property
    def _content(self) -> str:
        folder = Path(__file__).parent.parent / "pages"
        return canonical(fingerprints([folder / "sweep" / "page.html", folder / "style.css"]))

    @property
    def _without_each(self) -> bool:
        return bool(self._asked.get("leave_one_camera_out"))

    def _described(self, session: str, variant: Variant, name: str) -> dict[str, object]:
        current = self._plan.config.section(variant.section, session=session)[variant.key]
        record = {"key": variant.path, "value": variant.shown, "current": current == variant.value}
        record["session"] = self._plan.variants.owner(name, COMPARED)
        if variant.leaves_out:
            record["left_out"] = variant.leaves_out
        return record
