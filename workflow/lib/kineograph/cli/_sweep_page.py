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
from kineograph.stages.sweep import angles_jackknife_sd, differences

CAMERA_KEY = "camera left out"


def write_sweep_page(
    path: Path, table: Any, shown_people: Sequence[Person], shown: Sequence[str], accuracy: Any, n_people: int
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
    shown : sequence of str
        The coordinates that are drawn.
    n_people : int
        How many participants in trials there are.
    """
    keys: dict[tuple[str, bool], list[str]] = {}
    for person in shown_people:
        for choice in person.choices:
            values = keys.setdefault((choice.key, bool(choice.left_out)), [])
            if _label(choice) not in values:
                values.append(_label(choice))
    sections = [_section(table, shown_people, shown, key, out, labels) for (key, out), labels in keys.items()]
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


def _section(
    table: Any, people: Sequence[Person], shown: Sequence[str], key: str, left_out: bool, labels: Sequence[str]
) -> dict[str, Any]:
    """What the page says of one key."""
    of_key = table[table["key"] == key]
    values = [label.removesuffix(" (as it is)") for label in labels]
    rows, plotted = [], []
    for value, label in zip(values, labels, strict=True):
        of_value = of_key[of_key["value"].astype(str) == value]
        plotted.append(
            (label, [of_value[of_value["coordinate"] == name]["rms_difference"].to_numpy() for name in shown])
        )
    for index, name in enumerate(shown):
        rows.append({"name": name.replace("_", " "), "cells": [_figure(each[index]) for _, each in plotted]})
    return {
        "key": CAMERA_KEY if left_out else key,
        "labels": labels,
        "rows": rows,
        "effects": _url(effects(shown, plotted)),
        "curves": [{"label": person.label, "picture": _curves_of(person, shown, key, left_out)} for person in people],
    }


def _figure(values: Any) -> str:
    known = values[np.isfinite(values)]
    return f"{known.mean():.2f}" if known.size else ""


def _curves_of(person: Person, shown: Sequence[str], key: str, left_out: bool) -> str:
    places = {name: person.base.names.index(name) for name in shown if name in person.base.names}
    mine = [choice for choice in person.choices if (choice.key, bool(choice.left_out)) == (key, left_out)]

    def by_name(values: Any) -> dict[str, Any]:
        return {name: values[:, place] for name, place in places.items()}

    choices = [
        (_label(choice), by_name(choice.values), by_name(differences(person.base, choice.values))) for choice in mine
    ]
    sd = by_name(angles_jackknife_sd(person.base, [choice.values for choice in mine])) if left_out else None
    return _url(curves(person.base.time_s, by_name(person.base.values_deg_m), choices, sd))


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
