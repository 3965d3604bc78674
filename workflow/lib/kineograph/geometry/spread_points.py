"""Points spread evenly over a box: a scrambled Halton sequence."""

from __future__ import annotations

import math

import numpy as np

from kineograph.model.shapes import FloatArray

DOUBLE_BITS = 54
"""Digits that are worth less than 2 ** -54 change no number of double precision below 1."""


def spread_points(count: int, dimensions: int, rng: np.random.Generator) -> FloatArray:
    """Points (count, dimensions) in [0, 1), spread more evenly than independent ones.

    Dimension d writes 0, 1, 2, ... in the base of the d-th prime number, digits behind the point, lowest first, each place's
    digits exchanged by a permutation of its own (Halton 1960, doi:10.1007/BF01386213; Owen 2017, arXiv:1706.02808,
    algorithm 1). These are the numbers of scipy's `stats.qmc.Halton`, without the half second that importing `scipy.stats` takes.
    """
    return np.stack([_dimension(count, base, rng) for base in _primes(dimensions)], axis=1)


def _dimension(count: int, base: int, rng: np.random.Generator) -> FloatArray:
    places = math.ceil(DOUBLE_BITS / math.log2(base)) - 1
    exchanged = np.repeat(np.arange(base)[None], places, axis=0)
    for permutation in exchanged:
        rng.shuffle(permutation)
    rest, worth = np.arange(count), 1.0 / base
    found = np.zeros(count)
    for permutation in exchanged:
        found += permutation[rest % base] * worth
        rest, worth = rest // base, worth / base
    return found


def _primes(count: int) -> list[int]:
    """The first prime numbers."""
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found
