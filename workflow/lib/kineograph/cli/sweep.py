"""Compare the variants of a sweep: a table, a page with plots, and the accuracy where cameras were left out in turn."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kineograph.cli._common_arguments import json_argument
from kineograph.cli._sweep_results import Person, people_of
from kineograph.errors import ConfigError
from kineograph.io.atomic import write_text
from kineograph.stages.sweep import changes, differences

SHOWN_PEOPLE = 4
"""Participants in trials whose curves are on the page: those that change the most. All are in the table."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--results", required=True, metavar="FOLDER", help="the results folder")
    parser.add_argument(
        "--sessions", type=json_argument, required=True, metavar="JSON", help="their trials, participants and variants"
    )
    parser.add_argument("--shown", type=json_argument, default=[], metavar="JSON", help="coordinates to show")
    parser.add_argument(
        "--out",
        type=Path,
        nargs="+",
        required=True,
        metavar="FILE",
        help="the table, the page, and the accuracy (.csv)",
    )


def run(args: argparse.Namespace) -> None:
    """Read the results and write the tables and the page."""
    import pandas as pd

    from kineograph.cli._sweep_accuracy import accuracy_of
    from kineograph.cli._sweep_page import write_sweep_page

    if not any(session["variants"] for session in args.sessions.values()):
        raise ConfigError(
            "there is nothing to sweep",
            expected="keys and their values, such as sweep: {filtering.cutoff_hz: [4, 6, 10]}",
            found="no key 'sweep' in the configuration",
            hint="add it; see config/README.md",
        )
    people = people_of(args.results, args.sessions)
    table = pd.DataFrame([row for person in people for row in _rows(person)], columns=COLUMNS)
    write_text(args.out[0], table.to_csv(index=False, lineterminator="\n", float_format="%.6g"))
    accuracy = pd.DataFrame(accuracy_of(args.results, args.sessions, people))
    if len(args.out) > 2:
        write_text(args.out[2], accuracy.to_csv(index=False, lineterminator="\n", float_format="%.6g"))
    write_sweep_page(args.out[1], table, _most_changed(people), args.shown, accuracy, len(people))


COLUMNS = [
    *("session", "trial", "participant", "coordinate", "unit", "key", "value", "mean", "minimum", "maximum", "range"),
    *("time_of_maximum_s", "rms_difference", "largest_difference", "frames", "told"),
]


def _rows(person: Person) -> list[dict[str, Any]]:
    rows = []
    versions = [("", "as it is", person.base.values_deg_m), *((c.key, c.value, c.values) for c in person.choices)]
    for key, value, values in versions:
        for index, change in enumerate(changes(person.base, values)):
            row: dict[str, Any] = {"session": person.session, "trial": person.trial, "participant": person.participant}
            row |= {"coordinate": person.base.names[index], "key": key, "value": value}
            row["unit"] = "deg" if person.base.rotational[index] else "m"
            row["told"] = float(person.base.observed[:, index].mean()) if len(person.base.time_s) else 0.0
            rows.append(row | vars(change) | {"range": change.maximum - change.minimum})
    return rows


def _most_changed(people: Sequence[Person]) -> list[Person]:
    """Those whose curves are shown, in the order of the dataset."""

    def spread(person: Person) -> float:
        told = person.base.rotational & person.base.observed
        angles = [np.abs(differences(person.base, c.values)[told]) for c in person.choices]
        known = np.concatenate([item[np.isfinite(item)] for item in angles]) if angles else np.zeros(0)
        return float(np.sqrt((known**2).mean())) if known.size else 0.0

    chosen = sorted(people, key=lambda person: -spread(person))[:SHOWN_PEOPLE]
    return [person for person in people if any(person is item for item in chosen)]
