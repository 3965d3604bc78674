"""Where the results of trials are, also of trials that share some with others: the one place that makes paths to be read."""

from __future__ import annotations

import dataclasses
import string
from collections.abc import Callable
from typing import Any

from kineograph.dataset.records import Dataset, Trial
from kineograph.layout import Layout
from kineograph.planning.signatures import keep_signatures, keeps_signature
from kineograph.planning.variants import Variants

Wildcards = Any
"""Snakemake's wildcards: an object with an attribute for each."""


@keep_signatures
class ResultPaths:
    """The paths of a dataset's results.

    Attributes
    ----------
    layout : Layout
        Where each kind of file is.
    dataset : Dataset
        The trials.
    variants : Variants
        Which sessions have files from others.
    """

    layout: Layout
    dataset: Dataset
    variants: Variants

    def each_trial(self, *kinds: str) -> list[str]:
        """The paths of these kinds for all trials."""
        return [path for trial in self.dataset.trials for path in self.of_trial(trial, *kinds)]

    def of_trial(self, trial: Trial, *kinds: str) -> list[str]:
        """The paths of these kinds for a trial: for each of its cameras or participants where the kind is theirs."""
        paths = []
        for kind in kinds:
            pattern = self.layout.pattern(kind)
            session = self.variants.owner(trial.session, kind)
            names = {"session": session, "trial": trial.name, "calibration": trial.calibration.name}
            if "{camera}" in pattern:
                paths += [pattern.format(**names, camera=camera.name) for camera in trial.cameras]
            elif "{participant}" in pattern:
                paths += [pattern.format(**names, participant=person) for person in trial.participants]
            else:
                paths.append(pattern.format(**names))
        return paths

    def path(self, kind: str, **wildcards: str) -> str:
        """The path of one file that is read: where a session has it from the one that it varies, that one's."""
        return self.layout.path(kind, **wildcards | {"session": self.variants.owner(wildcards["session"], kind)})

    def source(self, kind: str) -> str | Callable[[Wildcards], str]:
        """An input: a kind of file with the wildcards of the job; the plain pattern where no session varies another."""
        pattern = self.layout.pattern(kind)
        if not self.variants:
            return pattern
        names = [name for _, name, _, _ in string.Formatter().parse(pattern) if name]
        return keeps_signature(lambda wildcards: self.path(kind, **named(wildcards, *names)))

    def file(self, kind: str) -> str | Callable[[Wildcards], str]:
        """An input: the one file of a kind that the trial of the wildcards has, or shares."""
        found = self.files(kind)
        return keeps_signature(lambda wildcards: found(wildcards)[0]) if callable(found) else found[0]

    def files(self, kind: str) -> list[str] | Callable[[Wildcards], list[str]]:
        """An input: the files of a kind of the trial of the wildcards; plain patterns where all trials have the same ones.

        A pattern costs half of the memory and time that Snakemake takes for a function's answer.
        """
        if self.variants or not self.dataset.trials or not self._alike(self.layout.pattern(kind)):
            return keeps_signature(lambda wildcards: self.of_trial(self.trial(wildcards), kind))
        any_trial = dataclasses.replace(self.dataset.trials[0], session="{session}", name="{trial}")
        return self.of_trial(any_trial, kind)

    def _alike(self, pattern: str) -> bool:
        """Whether a kind's paths differ by nothing but session and trial."""
        answers: dict[str, Callable[[Trial], object]] = {
            "{camera}": lambda trial: [camera.name for camera in trial.cameras],
            "{participant}": lambda trial: trial.participants,
            "{calibration}": lambda trial: trial.calibration.name,
        }
        first, *others = self.dataset.trials
        asked = [answer for wildcard, answer in answers.items() if wildcard in pattern]
        return all(answer(trial) == answer(first) for answer in asked for trial in others)

    def of_participant(self, kind: str) -> Callable[[Wildcards], list[str]]:
        """An input function: the paths of a kind for the trials that the model of the participant is scaled from."""

        @keeps_signature
        def paths(wildcards: Wildcards) -> list[str]:
            found = self.dataset.measured_trials_of(wildcards.session, wildcards.participant)
            names = {"session": wildcards.session, "participant": wildcards.participant}
            return [self.path(kind, **names, trial=trial.name) for trial in found]

        return paths

    def trial(self, wildcards: Wildcards) -> Trial:
        """The trial of the wildcards; LookupError, which Snakemake reports as a missing input, where there is none."""
        try:
            return self.dataset.trial(wildcards.session, wildcards.trial)
        except KeyError:
            raise LookupError(f"{self.dataset.source} has no trial {wildcards.session}/{wildcards.trial}") from None


def named(wildcards: Wildcards, *names: str) -> dict[str, str]:
    """The wildcards of these names."""
    return {name: getattr(wildcards, name) for name in names}
