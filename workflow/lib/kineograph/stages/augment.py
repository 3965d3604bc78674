"""Anatomical markers that a network places from each participant's keypoints.

The network sees the whole sequence, from the middle of the hips, in parts of the body's height. Its answer depends a little on
which way the person faces in the room's axes; so it is asked with the room turned into several headings, and the mean is taken.
How much its answers differ, and how much they change when the keypoints change by their uncertainty, are the markers' covariance.
What the network was never shown, it can't tell: the answers have to fit the keypoints, or are left out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kineograph.catalog.augmenters import AugmenterCard, MarkerNetworkCard
from kineograph.geometry.markers import marker_positions
from kineograph.geometry.stature import stature_m
from kineograph.model.points import Origin, Points3D
from kineograph.model.report import StageReport
from kineograph.model.shapes import BoolArray, FloatArray, finite
from kineograph.model.skeleton import Skeleton
from kineograph.signal.filters.gaussian import apply as bell
from kineograph.signal.runs import runs
from kineograph.stages.augmentation_report import Answer, report_on

NETWORK_AXES = (1, 2, 0)
"""The networks' x, y (up), z are these axes of the world."""
DEFAULT_MASS_KG = 70.0
FEWEST_FRAMES = 10
"""A run of fewer frames is too short for a network that remembers."""
ERROR_LASTS_S = 0.05
"""Errors of filtered keypoints keep about so long (standard deviation of the bell that perturbations are smoothed by)."""
SPREAD_OVER_S = 0.25
"""Covariances are averaged over about this time, since there are few samples."""

MOST_FRAMES = 60_000
"""So many frames, of all headings and samples together, are asked about at a time, so that memory has a bound."""

Network = Callable[[FloatArray], FloatArray]
"""From features (B, F, I) of B sequences to outputs (B, F, O)."""


@dataclass(frozen=True)
class AugmentSettings:
    """Settings of the section ``augmentation``."""

    method: str = "none"
    headings: int = 8
    samples: int = 8


@dataclass(frozen=True)
class Person:
    """What is known of a participant: height, m, and mass, kg; None where not."""

    height_m: float | None = None
    mass_kg: float | None = None


def augment(
    points: Points3D,
    skeleton: Skeleton,
    card: AugmenterCard,
    networks: Sequence[Network],
    people: Mapping[str, Person],
    settings: AugmentSettings,
) -> tuple[Points3D, StageReport]:
    """The points with the networks' markers beside them.

    A participant for whom the networks can't tell gets no marker, and a reason; where that is so for all, the points are
    returned as they came.

    Parameters
    ----------
    points : Points3D
        Filtered points.
    skeleton : Skeleton
        Of the keypoints.
    card : AugmenterCard
        The augmenter.
    networks : sequence of callables
        Its networks, in the card's order.
    people : dict of str to Person
        Participant -> what is known of them.
    settings : AugmentSettings
        The section ``augmentation``.
    """
    names, _ = marker_positions(points, skeleton)
    lacking = sorted({name for item in card.networks if item.required for name in item.inputs} - set(names))
    answers: list[Answer] = []
    if not lacking and points.n_frames:
        markers = _with_samples(points, skeleton, settings.samples)
        for person, name in enumerate(points.participants):
            known = people.get(name, Person())
            height = known.height_m or stature_m(names, markers[0, :, person])
            mass = known.mass_kg or DEFAULT_MASS_KG
            for item, network in zip(card.networks, networks, strict=True):
                if not set(item.inputs) <= set(names):
                    continue
                seen = markers[:, :, person]
                answer = _ask(network, item, names, seen, card.origin, (height, mass), settings.headings, points.fps_hz)
                answers.append(Answer(name, item, height, known.height_m is not None, *answer, names, seen[0]))
    report, accepted = report_on(points, card, lacking, answers)
    return _with_markers(points, card, accepted) if accepted else points, report


def _with_samples(points: Points3D, skeleton: Skeleton, samples: int) -> FloatArray:
    """The markers as they are and as they might be by their covariances, (1 + S, F, P, M, 3), in the networks' axes."""
    random = np.random.default_rng(0)
    shape = points.position_m.shape
    known = finite(points.covariance_m2.reshape(*shape[:3], 9))
    usual = np.where(known[..., None, None], points.covariance_m2, 0.0).sum(axis=0)
    usual = usual / np.maximum(known.sum(axis=0), 1)[..., None, None]
    covariance = np.where(known[..., None, None], points.covariance_m2, usual)
    size, axes = np.linalg.eigh(covariance)
    factor = axes * np.sqrt(np.maximum(size, 0.0))[..., None, :]
    series = [marker_positions(points, skeleton)[1]]
    for _ in range(samples):
        normal = _lasting(random.normal(size=(shape[0], int(np.prod(shape[1:])))), points.fps_hz).reshape(shape)
        moved = points.position_m + (factor @ normal[..., None])[..., 0]
        series.append(marker_positions(dataclasses.replace(points, position_m=moved), skeleton)[1])
    return np.stack(series)[..., NETWORK_AXES]


def _lasting(noise: FloatArray, fps_hz: float) -> FloatArray:
    """White noise (F, N) of variance 1 as noise that lasts, of variance 1."""
    sigma = ERROR_LASTS_S * fps_hz
    smooth = bell(noise, fps_hz, sigma_frames=sigma)
    scaled: FloatArray = smooth / np.sqrt(np.maximum(np.square(smooth).mean(axis=0), 1e-12))
    return scaled


def _ask(
    network: Network,
    item: MarkerNetworkCard,
    names: Sequence[str],
    markers: FloatArray,
    origin: Sequence[str],
    body: tuple[float, float],
    headings: int,
    fps_hz: float,
) -> tuple[FloatArray, FloatArray]:
    """A network's markers (F, O, 3) and their covariance (F, O, 3, 3), from a participant's markers (1 + S, F, M, 3)."""
    frames, count = markers.shape[1], len(item.outputs)
    position, covariance = np.full((frames, count, 3), np.nan), np.full((frames, count, 3, 3), np.nan)
    seen = markers[:, :, [names.index(name) for name in item.inputs]]
    middle = markers[:, :, [names.index(name) for name in origin]].mean(axis=2, keepdims=True)
    for start, stop in runs(_complete(seen[0], middle[0])):
        if stop - start >= FEWEST_FRAMES and np.isfinite(body[0]):
            place, spread = _told(network, seen[:, start:stop], middle[:, start:stop], body, headings)
            position[start:stop] = place
            covariance[start:stop] = _averaged(spread, round(SPREAD_OVER_S * fps_hz))
    return position, covariance


def _told(
    network: Network, seen: FloatArray, middle: FloatArray, body: tuple[float, float], headings: int
) -> tuple[FloatArray, FloatArray]:
    """Mean over the headings (L, O, 3), and covariance (L, O, 3, 3), of what a network says of a run of L frames.

    Parameters
    ----------
    network : callable
        The network.
    seen, middle : (1 + S, L, I, 3) and (1 + S, L, 1, 3) arrays
        The keypoints, as they are and moved S times, and the middle of the hips, m. Each moved one is seen in one heading.
    body : (float, float)
        Height, m, and mass, kg.
    headings : int
        The number of headings.
    """
    samples, length = len(seen) - 1, seen.shape[1]
    together = max(1, MOST_FRAMES * headings // (length * (headings + samples)))
    total: FloatArray | float = 0.0
    square: FloatArray | float = 0.0
    moved: FloatArray | float = 0.0
    start = middle[0]
    for first in range(0, headings, together):
        some = np.arange(first, min(first + together, headings))
        others = np.flatnonzero(np.isin(np.arange(samples) % headings, some))
        heading = np.concatenate([some, others % headings])
        sample = np.concatenate([np.zeros(len(some), int), others + 1])
        turns = np.stack([_turned(2 * np.pi * turn / headings) for turn in heading])
        place = np.einsum("bij,bfmj->bfmi", turns, (seen - middle)[sample] / body[0])
        flat = place.reshape(*place.shape[:2], -1)
        answer = network(np.concatenate([flat, np.broadcast_to(body, (*flat.shape[:2], 2))], axis=-1))
        answer = answer.reshape(*flat.shape[:2], -1, 3)
        back = np.einsum("bji,bfmj->bfmi", turns, answer) * body[0] + middle[sample]
        start = back[0] if first == 0 else start
        plain = back[: len(some)] - start
        total, square = total + plain.sum(axis=0), square + _outer(plain)
        moved = moved + _outer(back[len(some) :] - back[heading[len(some) :] - first])
    mean = np.asarray(total) / headings
    spread = square / headings - _outer(mean[None]) + moved / max(samples, 1)
    return np.asarray(start + mean), np.asarray(spread)


def _complete(seen: FloatArray, middle: FloatArray) -> BoolArray:
    """Frames (F,) in which everything that the network takes is there."""
    return finite(seen).all(axis=1) & finite(middle)[:, 0]


def _outer(difference: FloatArray) -> FloatArray:
    """Sum over B of the outer products of differences (B, F, O, 3)."""
    total: FloatArray = np.einsum("bfmi,bfmj->fmij", difference, difference)
    return total


def _averaged(values: FloatArray, reach_frames: int) -> FloatArray:
    """Moving average over so many frames before and after, fewer at the ends."""
    frames = len(values)
    total = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
    low = np.clip(np.arange(frames) - reach_frames, 0, None)
    high = np.clip(np.arange(frames) + reach_frames + 1, None, frames)
    mean: FloatArray = (total[high] - total[low]) / (high - low).reshape(-1, *[1] * (values.ndim - 1))
    return mean


def _turned(angle_rad: float) -> FloatArray:
    """A turn about the vertical, the networks' y."""
    cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])


def _with_markers(points: Points3D, card: AugmenterCard, accepted: Sequence[Answer]) -> Points3D:
    """The points with the accepted markers beside them, in the world's axes."""
    frames, people, _ = points.origin.shape
    count = len(card.outputs)
    position, covariance = np.full((frames, people, count, 3), np.nan), np.full((frames, people, count, 3, 3), np.nan)
    back = np.argsort(NETWORK_AXES)
    for answer in accepted:
        person = points.participants.index(answer.participant)
        place = [card.outputs.index(name) for name in answer.network.outputs]
        position[:, person, place] = answer.position_m[..., back]
        covariance[:, person, place] = answer.covariance_m2[..., back, :][..., back]
    there = finite(position)
    return dataclasses.replace(
        points,
        names=(*points.names, *card.outputs),
        position_m=np.concatenate([points.position_m, position], axis=2),
        covariance_m2=np.concatenate([points.covariance_m2, covariance], axis=2),
        reprojection_error_px=np.concatenate([points.reprojection_error_px, np.full(there.shape, np.nan)], axis=2),
        cameras_used=np.concatenate([points.cameras_used, np.zeros((*there.shape, len(points.cameras)), bool)], axis=2),
        origin=np.concatenate([points.origin, np.where(there, Origin.AUGMENTED, Origin.MISSING)], axis=2),
    )
