"""What rules ask about exports: one job for all formats that the configuration asks for, and one a format for the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kineograph.planning.augmentation import AugmentationPlan
from kineograph.planning.paths import Wildcards
from kineograph.planning.plan import FromWildcards, Plan
from kineograph.planning.signatures import keep_signatures, keeps_signature
from kineograph.provenance.code import code_digest
from kineograph.settings.plugins import plugin_literal, plugin_module, plugin_names
from kineograph.settings.text import canonical

FOLDER = "exports"
POINTS = "points"
"""What formats call the final points: the augmented ones where there are any."""
WILDCARDS = {"person": ("session", "trial", "participant"), "trial": ("session", "trial")}


@dataclass(frozen=True)
class ExportJob:
    """A rule: the formats that one job writes of each trial, or of each participant of a trial.

    Attributes
    ----------
    name : str
        The rule's name.
    level : str
        ``person`` or ``trial``.
    formats : tuple of str
        Their names.
    outputs : list of str
        Their files, with wildcards open.
    code : function
        A param: the digest of their code. A function, so that runs which export nothing don't read all of it.
    inputs : function
        The results that they are made from.
    files : function
        The same as JSON, by their kind.
    """

    name: str
    level: str
    formats: tuple[str, ...]
    outputs: list[str]
    code: FromWildcards = field(repr=False)
    inputs: Callable[[Wildcards], list[str]] = field(repr=False)
    files: FromWildcards = field(repr=False)

    @property
    def wildcards(self) -> tuple[str, ...]:
        """The names of its wildcards."""
        return WILDCARDS[self.level]


@keep_signatures
class ExportPlan:
    """The answers for one configuration.

    Parameters
    ----------
    plan : Plan
        The plan of the configuration.
    augmentation : AugmentationPlan
        Its plan of augmentation.
    """

    def __init__(self, plan: Plan, augmentation: AugmentationPlan) -> None:
        self._plan = plan
        self._augmentation = augmentation
        self._asked = [name for name in plugin_names(FOLDER) if name in plan.config.value("exports")]

    def jobs(self) -> list[ExportJob]:
        """One job a level for all formats asked for, and one for each of the others."""
        others = [name for name in plugin_names(FOLDER) if name not in self._asked]
        found = []
        for level in WILDCARDS:
            together = [name for name in self._asked if _level(name) == level]
            if together:
                found.append(self._job(f"export_{level}", level, together))
            found += [self._job(f"export_{name}", level, [name]) for name in others if _level(name) == level]
        return found

    def asked(self) -> list[str]:
        """The files that the configuration asks for, of all trials."""
        return [
            path
            for name in self._asked
            for tail in plugin_literal(FOLDER, name, "FILES", ())
            for trial in self._plan.dataset.trials
            for path in self._paths(_level(name), tail, trial.session, trial.name, trial.participants)
        ]

    def subject(self, wildcards: Wildcards) -> str:
        """A param: which trial, and which of its participants, as JSON."""
        people = [wildcards.participant] if hasattr(wildcards, "participant") else None
        trial = self._plan.trial(wildcards)
        return canonical(
            {"session": trial.session, "trial": trial.name, "participants": people or list(trial.participants)}
        )

    def _job(self, rule: str, level: str, formats: Sequence[str]) -> ExportJob:
        kinds = sorted({kind for name in formats for kind in plugin_literal(FOLDER, name, "NEEDS", ())})

        def by_kind(wildcards: Wildcards) -> dict[str, list[str]]:
            return {kind: self._results(kind, wildcards) for kind in kinds}

        return ExportJob(
            rule,
            level,
            tuple(formats),
            [self._pattern(level, tail) for name in formats for tail in plugin_literal(FOLDER, name, "FILES", ())],
            keeps_signature(
                lambda wildcards: code_digest(
                    "kineograph.cli.export", *(plugin_module(FOLDER, name) for name in formats)
                )
            ),
            keeps_signature(lambda wildcards: [path for paths in by_kind(wildcards).values() for path in paths]),
            keeps_signature(lambda wildcards: canonical(by_kind(wildcards))),
        )

    def _results(self, kind: str, wildcards: Wildcards) -> list[str]:
        if kind == POINTS:
            return [self._augmentation.points(wildcards)]
        pattern = self._plan.layout.pattern(kind)
        if "{participant}" in pattern and hasattr(wildcards, "participant"):
            names = {name: getattr(wildcards, name) for name in WILDCARDS["person"]}
            return [self._plan.path(kind, **names)]
        return self._plan.of_trial(self._plan.trial(wildcards), kind)

    def _pattern(self, level: str, tail: str) -> str:
        return self._plan.layout.pattern(f"{level}_export").replace("{tail}", tail)

    def _paths(self, level: str, tail: str, session: str, trial: str, people: Sequence[str]) -> list[str]:
        pattern = self._pattern(level, tail)
        if level == "trial":
            return [pattern.format(session=session, trial=trial)]
        return [pattern.format(session=session, trial=trial, participant=name) for name in people]


def _level(name: str) -> str:
    return str(plugin_literal(FOLDER, name, "LEVEL", "person"))
