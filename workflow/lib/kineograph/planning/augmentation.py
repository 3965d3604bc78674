"""What rules ask about augmentation: in which trials, by which networks, and whose markers the later stages read."""

from __future__ import annotations

import json

from kineograph.catalog.augmenters import AugmenterCard, read_augmenter_card
from kineograph.dataset.records import Trial
from kineograph.errors import Mistakes
from kineograph.planning.paths import Wildcards
from kineograph.planning.plan import Plan
from kineograph.planning.plan_part import PlanPart
from kineograph.provenance.fingerprint import fingerprint
from kineograph.settings.text import canonical

NONE = "none"


class AugmentationPlan(PlanPart):
    """The answers for one configuration.

    Parameters
    ----------
    plan : Plan
        The plan of the configuration.
    mistakes : Mistakes
        Where to note the augmenters that are asked for and not there.
    """

    def __init__(self, plan: Plan, mistakes: Mistakes) -> None:
        super().__init__(plan)
        for trial in plan.dataset.every_trial:
            with mistakes.noted():
                self._card(trial)

    def points(self, wildcards: Wildcards) -> str:
        """The points that a trial's markers are made of: with the networks' beside them, where there are to be any."""
        return self._points_of(self._plan.trial(wildcards))

    def points_of_participant(self, wildcards: Wildcards) -> list[str]:
        """The same for the trials that a participant's model is scaled from."""
        return [self._points_of(trial) for trial in self._scaled_from(wildcards)]

    def reports(self, wildcards: Wildcards) -> list[str]:
        """The report on a trial's augmentation; none where nothing is to be augmented."""
        trial = self._plan.trial(wildcards)
        return self._plan.of_trial(trial, "augmentation_report") if self._card(trial) else []

    def networks_input(self, wildcards: Wildcards) -> str:
        """The file that must be there before a trial's networks can be asked."""
        return str(self._plan.catalogue.asset(self._asset(wildcards)).record(self._plan.cache))

    def networks_folder(self, wildcards: Wildcards) -> str:
        """The folder of a trial's networks."""
        return str(self._plan.catalogue.asset(self._asset(wildcards)).folder(self._plan.cache))

    def people(self, wildcards: Wildcards) -> str:
        """Height and mass of a trial's participants, as JSON; what isn't known is left out."""
        known = {}
        for name in self._plan.trial(wildcards).participants:
            person = self._plan.dataset.participants[name]
            facts = {"height_m": person.height_m, "mass_kg": person.mass_kg}
            known[name] = {key: value for key, value in facts.items() if value is not None}
        return canonical(known)

    def content(self, wildcards: Wildcards) -> str:
        """The fingerprints of the augmenter, its networks and the skeleton cards that a trial's markers depend on."""
        facts = json.loads(self._plan.skeleton_content(wildcards))
        card = self._card(self._plan.trial(wildcards))
        networks = self._plan.catalogue.asset(self._asset(wildcards)).identity
        return canonical({"skeletons": facts, "networks": networks, "card": fingerprint(card.path) if card else ""})

    def participant_content(self, wildcards: Wildcards) -> str:
        """What a participant's model depends on beside its trials: with the augmenters' cards, which name set-up files."""
        return self._with_cards(self._plan.participant_content(wildcards), self._scaled_from(wildcards))

    def kinematics_content(self, wildcards: Wildcards) -> str:
        """The same for the joint angles of a trial."""
        return self._with_cards(self._plan.kinematics_content(wildcards), [self._plan.trial(wildcards)])

    def _with_cards(self, content: str, trials: list[Trial]) -> str:
        cards = {card.name: fingerprint(card.path) for card in map(self._card, trials) if card}
        return canonical(json.loads(content) | {"augmenters": cards}) if cards else content

    def _scaled_from(self, wildcards: Wildcards) -> list[Trial]:
        return list(self._plan.dataset.measured_trials_of(wildcards.session, wildcards.participant))

    def _points_of(self, trial: Trial) -> str:
        return self._plan.of_trial(trial, "augmented" if self._card(trial) else "filtered")[0]

    def _card(self, trial: Trial) -> AugmenterCard | None:
        method = self._plan.config.section("augmentation", session=trial.session, trial=trial.name)["method"]
        return None if method == NONE else read_augmenter_card(method, self._plan.resources / "augmenters")

    def _asset(self, wildcards: Wildcards) -> str:
        card = self._card(self._plan.trial(wildcards))
        if card is None:
            raise LookupError(f"the trial {wildcards.session}/{wildcards.trial} is not to be augmented")
        return card.asset
