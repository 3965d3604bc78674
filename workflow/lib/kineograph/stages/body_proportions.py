"""A participant's height and mass: as given, or estimated from the measured segments, and whether they fit together.

The height is that of the generic model, by how much longer the segments that scale it are: of all trials, without the noise that
lengthens them, and from any marker set. :func:`kineograph.geometry.stature.stature_m` needs keypoints from heel to head
instead, and no model: augmenters ask for a height before there is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kineograph.model.report import Reason

MODEL_HEIGHT_M = 1.70
"""Height of the man whom OpenSim's full-body model stands for (Rajagopal et al. 2016, doi:10.1109/TBME.2016.2586891)."""
CHAIN = ("shank", "thigh", "torso")
"""The measurements whose lengths together are most of a person's height."""
TYPICAL_BMI = 22.5
"""kg/m^2; the middle of the range that the WHO calls normal (18.5 to 25)."""
PLAUSIBLE_BMI = (12.0, 50.0)
WARN_HEIGHT = 0.07
"""Part by which the height from segments may miss the given one: about two standard deviations of people's proportions."""
FAIL_HEIGHT = 0.2
DEFAULT_MASS_KG = 70.0


class NamedPairs(Protocol):
    """A measurement by its name and marker pairs."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Marker pairs."""


@dataclass(frozen=True)
class Build:
    """Height and mass of a participant.

    Attributes
    ----------
    given_height_m, given_mass_kg : float or None
        As the participants' sheet has them.
    estimated_height_m : float or None
        From the measured segments; None where they don't tell.
    mass_kg : float
        As given, else of a person of that height and of typical build.
    """

    given_height_m: float | None = None
    given_mass_kg: float | None = None
    estimated_height_m: float | None = None
    mass_kg: float = DEFAULT_MASS_KG


def build(
    measurements: Sequence[NamedPairs],
    length_m: Mapping[tuple[str, str], float],
    model_length_m: Mapping[tuple[str, str], float],
    height_m: float | None,
    mass_kg: float | None,
) -> Build:
    """Height and mass from what is given and what was measured.

    The height is the generic model's, times how much longer than the model's the participant's shanks, thighs and torso are
    together; sides count half each.

    Parameters
    ----------
    measurements : sequence of Measurement
        Which marker pairs measure what.
    length_m, model_length_m : dict of pair to float
        The participant's and the generic model's lengths, m; NaN where not measured.
    height_m, mass_kg : float or None
        As given.
    """
    own = generic = 0.0
    pairs_of = {item.name.lower(): item.pairs for item in measurements}
    for name in CHAIN:
        known = [pair for pair in pairs_of.get(name, ()) if np.isfinite(length_m.get(pair, np.nan))]
        if known:
            own += float(np.mean([length_m[pair] for pair in known]))
            generic += float(np.mean([model_length_m[pair] for pair in known]))
        else:
            own = np.nan
    estimated = MODEL_HEIGHT_M * own / generic if generic > 0 and np.isfinite(own) else None
    height = height_m or estimated
    mass = mass_kg or (TYPICAL_BMI * height**2 if height else DEFAULT_MASS_KG)
    return Build(height_m, mass_kg, estimated, mass)


def build_reasons(body: Build) -> list[Reason]:
    """Doubts in a participant's height and mass."""
    reasons = []
    if body.given_mass_kg is None:
        basis = "a person of typical build" if body.given_height_m or body.estimated_height_m else "an adult"
        text = f"the mass is not given: {body.mass_kg:.0f} kg is taken, that of {basis}"
        reasons.append(Reason("warn", text, "", "add mass_kg to participants.tsv", "note"))
    if body.given_height_m and body.estimated_height_m:
        miss = body.estimated_height_m / body.given_height_m - 1
        if abs(miss) > WARN_HEIGHT:
            text = (
                f"the measured segments are those of a person of {body.estimated_height_m:.2f} m, "
                f"{abs(miss):.0%} {'more' if miss > 0 else 'less'} than the {body.given_height_m:.2f} m given"
            )
            hint = "is it the right person, is the height in participants.tsv right, and the scale of the calibration?"
            reasons.append(Reason("fail" if abs(miss) > FAIL_HEIGHT else "warn", text, "measurement height", hint))
    height = body.given_height_m or body.estimated_height_m
    if body.given_mass_kg and height and not PLAUSIBLE_BMI[0] <= body.given_mass_kg / height**2 <= PLAUSIBLE_BMI[1]:
        text = f"{body.given_mass_kg:g} kg is no mass of a person of {height:.2f} m"
        reasons.append(Reason("warn", text, "", "correct mass_kg or height_m in participants.tsv"))
    return reasons
