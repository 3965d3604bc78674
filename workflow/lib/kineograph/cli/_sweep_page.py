"""The page of a sweep: for each key, how much its values change and the curves; and what left-out cameras tell."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kineograph.cli._sweep_accuracy import HELD_OUT, JACKKNIFE, USED
from kineograph.cli._sweep_results import Choice, Person
from kineograph.pages.render import write_page
from kineograph.plots.sweep import curves, effects
from kineograph.stages.sweep import LEGS_FLEXION, angles_jackknife_sd, differences, shown_coordinates

CAMERA_KEY = "camera left out"
FEWEST_TOLD = 0.5
"""Angles that markers tell in fewer of the frames are not shown unasked: defaults and limits decide how they change."""


def write_sweep_page(
    path: Path, table: Any, shown_people: Sequence[Person], asked: Sequence[str], accuracy: Any, n_people: int
) -> None:
    """Write the page.

    Parameters
    ----------
    path : Path
        The page.
    table, accuracy : DataFrame
        The tables of the sweep.
    shown_people : sequence of Person
        Those whose curves are drawn.
    asked : sequence of str
        The coordinates that the configuration asks to show.
    n_people : int
        How many participants in trials there are.
    """
    keys: dict[tuple[str, bool], dict[str, Choice]] = {}
    for person in shown_people:
        for choice in person.choices:
            keys.setdefault((choice.key, bool(choice.left_out)), {}).setdefault(choice.value, choice)
    sections = []
    for (key, left_out), choices in keys.items():
        of_key = table[(table["key"] == key) & table["value"].isin(list(choices))]
        shown = _shown(asked, of_key)
        section = _section(of_key, shown, list(choices.values()))
        pictures = [
            {"label": person.label, "picture": _curves_of(person, shown, key, left_out)}
            for person in shown_people
            if set(shown) & set(person.base.names) and _of_key(person, key, left_out)
        ]
        sections.append(section | {"key": CAMERA_KEY if left_out else key, "curves": pictures})
    write_page(
        path,
        "sweep/page.html",
        sections=sections,
        n_people=n_people,
        n_shown=len(shown_people),
        cameras=_cameras(accuracy),
        points=_jackknife(accuracy, "mm"),
        angles=_jackknife(accuracy, "deg"),
    )


def _shown(asked: Sequence[str], of_key: Any) -> list[str]:
    angles = of_key[of_key["unit"] == "deg"]
    if not asked:
        told = angles.groupby("coordinate")["told"].transform("mean") >= FEWEST_TOLD
        angles = angles[told | angles["coordinate"].isin(LEGS_FLEXION)]
    spread = angles.groupby("coordinate", sort=False)["rms_difference"].max().fillna(0.0)
    return shown_coordinates(asked, {str(name): float(value) for name, value in spread.items()})


def _section(of_key: Any, shown: Sequence[str], choices: Sequence[Choice]) -> dict[str, Any]:
    """What the page says of one key: how far each value moves the angles."""
    plotted = []
    for choice in choices:
        mine = of_key[of_key["value"] == choice.value]
        differences_deg = [mine[mine["coordinate"] == name]["rms_difference"].to_numpy() for name in shown]
        plotted.append((_label(choice), None if choice.current else differences_deg))
    moved = [(label, values) for label, values in plotted if values is not None]
    rows = [
        {"name": name.replace("_", " "), "cells": [_figure(values[index]) for _, values in moved]}
        for index, name in enumerate(shown)
    ]
    return {
        "labels": [label for label, _ in moved],
        "rows": rows,
        "effects": _url(effects(shown, plotted)) if shown else "",
    }


def _figure(values: Any) -> str:
    known = values[np.isfinite(values)]
    return f"{known.mean():.2f}" if known.size else ""


def _curves_of(person: Person, shown: Sequence[str], key: str, left_out: bool) -> str:
    places = {name: person.base.names.index(name) for name in shown if name in person.base.names}
    mine = _of_key(person, key, left_out)

    def by_name(values: Any) -> dict[str, Any]:
        return {name: values[:, place] for name, place in places.items()}

    choices = [
        (_label(choice), by_name(choice.values), by_name(differences(person.base, choice.values))) for choice in mine
    ]
    sd = by_name(angles_jackknife_sd(person.base, [choice.values for choice in mine])) if left_out else None
    return _url(curves(person.base.time_s, by_name(person.base.values_deg_m), choices, sd))


def _of_key(person: Person, key: str, left_out: bool) -> list[Choice]:
    return [choice for choice in person.choices if (choice.key, bool(choice.left_out)) == (key, left_out)]


def _label(choice: Choice) -> str:
    return f"{choice.value} (as it is)" if choice.current else choice.value


def _cameras(accuracy: Any) -> list[dict[str, Any]]:
    """Each camera's median distance from the points that were made without it, over keypoints, people and trials."""
    if not len(accuracy):
        return []
    rows = []
    for (session, camera), part in accuracy[accuracy["camera"] != ""].groupby(["session", "camera"], sort=True):
        left_out = part[part["measure"] == HELD_OUT]
        by_keypoint = left_out.groupby("name")["median"].median().dropna().sort_values(ascending=False)
        used = part[part["measure"] == USED]["median"].median()
        rows.append(
            {
                "session": session,
                "camera": camera,
                "left_out": f"{left_out['median'].median():.1f}",
                "used": f"{used:.1f}",
                "worst": ", ".join(f"{name} {value:.1f}" for name, value in by_keypoint.head(3).items()),
            }
        )
    return rows


def _jackknife(accuracy: Any, unit: str) -> list[dict[str, str]]:
    """The jackknife's standard deviations, the largest first: medians over people and trials."""
    if not len(accuracy):
        return []
    part = accuracy[(accuracy["measure"] == JACKKNIFE) & (accuracy["unit"] == unit)]
    rows = part.groupby("name")[["median", "p95"]].median().dropna().sort_values("median", ascending=False)
    digits = 2 if unit == "deg" else 1
    return [
        {
            "name": str(name).replace("_", " "),
            "median": f"{row['median']:.{digits}f}",
            "high": f"{row['p95']:.{digits}f}",
        }
        for name, row in rows.iterrows()
    ]


def _url(svg: str) -> str:
    """A picture as a data URL."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
