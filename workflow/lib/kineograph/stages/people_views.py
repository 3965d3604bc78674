"""One person of each trial as all cameras show them: which detection of a camera it is, without knowing where cameras stand.

Image points are ideal ones here: where a lens without distortion would have shown them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kineograph.geometry.bundle_adjustment import triangulate
from kineograph.geometry.projection import project, undistort_pixels
from kineograph.model.camera import Camera
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.shapes import BoolArray, FloatArray, IntArray
from kineograph.signal.chains import chains
from kineograph.signal.resampling import sample
from kineograph.signal.robust import median_of_known

MOST_PEOPLE = 3
"""So many people of each camera are candidates for the one whose movement is compared."""
MOST_S = 120.0
"""Of a long trial the beginning is enough."""
SPIKE_FRAMES = 5
SPIKE = 0.06
"""A keypoint this part of the person's size off its median over a few frames is not where the network says."""
SMOOTHING_S = 0.05
"""Half width of the window that image points are averaged over."""
NEAR = 0.15
"""A detection is the person where its keypoints are, on median, nearer than this part of the person's size."""
CLEARLY = 0.6
"""Another detection, or the one with left and right exchanged, is taken where it comes this much nearer."""


@dataclass(frozen=True)
class TrialViews:
    """A trial's detections, and the person among them.

    Attributes
    ----------
    name : str
        The trial.
    fps_hz : float
        Rate of the views: the highest of its cameras, Hz.
    pace : (C,) array
        Each camera's frame rate as a part of that; NaN for cameras that did not take part.
    detections : list of (F, D, K, 2) arrays
        What each camera saw, at its own rate, ideal px; NaN where not confident. No frames for a camera that took no part.
    person : list of (F, K, 2) arrays
        The person, at the camera's own rate.
    """

    name: str
    fps_hz: float
    pace: FloatArray
    detections: list[FloatArray]
    person: list[FloatArray]

    @property
    def views(self) -> list[FloatArray]:
        """The person, smoothed and at the trial's rate, (F, K, 2) each."""
        rows = zip(self.person, self.pace.tolist(), strict=True)
        return [prepared(person, self.fps_hz, pace) for person, pace in rows]

    @property
    def raw_views(self) -> list[FloatArray]:
        """The same without smoothing."""
        return [at_rate(person, pace) for person, pace in zip(self.person, self.pace.tolist(), strict=True)]

    def travel(self, camera: int) -> float:
        """How far the person's keypoints came about in a camera's view, as a part of the person's size (median); 0 of nothing."""
        person = self.person[camera]
        known = np.isfinite(person[..., 0]).sum(axis=0) >= 2
        if not known.any():
            return 0.0
        low, high = np.nanpercentile(person[:, known], [5, 95], axis=0)
        return float(np.median(np.linalg.norm(high - low, axis=-1))) / max(typical_extent(person), 1e-9)

    def filmed(self) -> BoolArray:
        """The cameras (C,) that took part."""
        return np.array([len(item) > 0 for item in self.detections])


def read_trial(
    name: str, keypoints: Sequence[Keypoints2D | None], lenses: Sequence[Camera], min_confidence: float, count: int
) -> tuple[TrialViews, list[list[FloatArray]]]:
    """A trial's views, and the candidates of each camera for its person, (F, K, 2) each, the largest and longest first.

    Parameters
    ----------
    name : str
        The trial.
    keypoints : sequence of Keypoints2D or None
        For each camera; None for one that took no part.
    lenses : sequence of Camera
        The cameras' lenses.
    min_confidence : float
        Keypoints of a smaller confidence are left out.
    count : int
        K, how many keypoints a person has.
    """
    rates = np.array([np.nan if item is None else item.fps_hz for item in keypoints])
    known = rates[np.isfinite(rates)]
    fps_hz = float(known.max()) if known.size else np.nan
    detections, candidates = [], []
    for item, lens in zip(keypoints, lenses, strict=True):
        if item is None or not item.n_frames or not np.isfinite(item.fps_hz):
            detections.append(np.full((0, 0, count, 2), np.nan))
            candidates.append([np.full((0, count, 2), np.nan)])
            continue
        part = slice(0, round(MOST_S * item.fps_hz))
        confident = np.where((item.confidence[part] >= min_confidence)[..., None], item.position_px[part], np.nan)
        ideal = undistort_pixels(lens, confident)
        detections.append(ideal)
        candidates.append(_candidates(ideal))
    views = TrialViews(name, fps_hz, rates / fps_hz, detections, [found[0] for found in candidates])
    return views, candidates


def _candidates(ideal: FloatArray) -> list[FloatArray]:
    """The people of one camera; all detections are one person's where it never shows two."""
    shown = np.isfinite(ideal[..., 0]).any(axis=2)
    if (shown.sum(axis=1) <= 1).all():
        rows = np.arange(len(ideal))
        which = shown.argmax(axis=1) if ideal.shape[1] else np.zeros(len(ideal), int)
        alone = ideal[rows, which] if ideal.shape[1] else np.full((len(ideal), *ideal.shape[2:]), np.nan)
        return [without_spikes(alone)]
    return [without_spikes(person) for person in chains(ideal, MOST_PEOPLE)]


def extent(person: FloatArray) -> FloatArray:
    """The person's size (F,) in each frame of (F, K, 2), px: diagonal of the box around; NaN where nothing is seen."""
    known = np.isfinite(person[..., 0]).any(axis=1)
    size = np.full(len(person), np.nan)
    if known.any():
        seen = person[known]
        size[known] = np.linalg.norm(np.nanmax(seen, axis=1) - np.nanmin(seen, axis=1), axis=-1)
    return size


def typical_extent(person: FloatArray) -> float:
    """The median over frames, px; 0 of nothing."""
    size = extent(person)
    return float(np.nanmedian(size)) if np.isfinite(size).any() else 0.0


def without_spikes(person: FloatArray) -> FloatArray:
    """The person (F, K, 2) without the keypoints that jump to somewhere else for a frame or two."""
    if len(person) < SPIKE_FRAMES:
        return person
    half = SPIKE_FRAMES // 2
    padded = np.pad(person, ((half, half), (0, 0), (0, 0)), constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, SPIKE_FRAMES, axis=0)
    median, count = median_of_known(around, axis=-1)
    off = np.linalg.norm(person - median, axis=-1) > SPIKE * typical_extent(person)
    return np.where((off & (count[..., 0] >= 3))[..., None], np.nan, person)


def smoothed(person: FloatArray, fps_hz: float) -> FloatArray:
    """Weighted means over a short window, of what was seen in it; gaps shorter than that are filled."""
    half = int(np.ceil(SMOOTHING_S * fps_hz)) if len(person) else 0
    if half < 2:
        return person
    kernel = np.hanning(2 * half + 1)[1:-1]
    reach = half - 1
    known = np.isfinite(person).all(axis=-1, keepdims=True)
    values, weights = np.where(known, person, 0.0), known.astype(float)
    total, weight, place = np.zeros_like(values), np.zeros_like(weights), np.zeros_like(weights)
    for shift, part in zip(range(-reach, reach + 1), kernel, strict=True):
        to = slice(max(0, -shift), len(person) - max(0, shift))
        source = slice(max(0, shift), len(person) - max(0, -shift))
        total[to] += part * values[source]
        weight[to] += part * weights[source]
        place[to] += part * shift * weights[source]
    with np.errstate(divide="ignore", invalid="ignore"):
        off_centre = np.abs(place / weight) > 0.25 * reach
        mean = total / weight
    return np.where((weight < 0.5 * kernel.sum()) | off_centre, np.nan, mean)


def prepared(person: FloatArray, fps_hz: float, pace: float) -> FloatArray:
    """The person (F, K, 2) smoothed, and at another rate, of which the camera's own is the part `pace`."""
    return at_rate(smoothed(person, fps_hz * pace), pace)


def at_rate(person: FloatArray, pace: float) -> FloatArray:
    """The person (F, K, 2) at another rate, of which the camera's own is the part `pace`."""
    if not len(person):
        return person
    count = int(np.floor((len(person) - 1) / pace)) + 1
    frame: FloatArray = np.arange(count, dtype=np.float64) * pace
    return sample(person, frame)


def common_views(views: Sequence[FloatArray], clock_frames: FloatArray) -> tuple[FloatArray, int]:
    """All views (F, K, C, 2) on the common clock, and its first frame.

    Parameters
    ----------
    views : sequence of (F, K, 2) arrays
        One a camera, at the trial's rate.
    clock_frames : (C,) array
        How much later than the common clock each camera started, frames; NaN for a camera to be left out. One has to stay.
    """
    used = [index for index, view in enumerate(views) if len(view) and np.isfinite(clock_frames[index])]
    first = int(np.floor(min(clock_frames[index] for index in used)))
    last = int(np.ceil(max(clock_frames[index] + len(views[index]) for index in used)))
    frame = np.arange(first, last)
    count = views[used[0]].shape[1]
    result = np.full((len(frame), count, len(views), 2), np.nan)
    for index in used:
        result[:, :, index] = sample(views[index], frame - clock_frames[index])
    return result, first


def reassigned(
    trial: TrialViews, cameras: Sequence[Camera | None], clock_frames: FloatArray, twins: IntArray
) -> TrialViews:
    """The trial with the detections, and the sides of the limbs, that the other cameras agree with.

    For each camera, the person as the others see them is projected into it; of its detections, as they are or with left and
    right exchanged, the nearest is taken. That brings back a person who came in a second time, leaves out a bystander, and
    puts right what a network mistook for the other side.

    Parameters
    ----------
    trial : TrialViews
        The trial.
    cameras : sequence of Camera or None
        Cameras without distortion; None for those that are not placed.
    clock_frames : (C,) array
        How much later than the common clock each camera started, frames of the trial.
    twins : (K,) array of int
        The keypoint of the other side, or the keypoint itself.
    """
    if not (trial.filmed() & np.isfinite(clock_frames)).any():
        return trial
    together, first = common_views(trial.raw_views, clock_frames)
    frames, keypoints, number = together.shape[:3]
    person = list(trial.person)
    for index in range(number):
        others = [
            other for other, item in enumerate(cameras) if item and other != index and len(trial.detections[other])
        ]
        own = cameras[index]
        if own is None or len(others) < 2 or not len(trial.detections[index]):
            continue
        image = together[:, :, others].reshape(-1, len(others), 2)
        chosen = [cameras[other] for other in others]
        placed = [item for item in chosen if item is not None]
        points = triangulate(placed, image, np.isfinite(image[..., 0]).astype(float), rounds=2)
        start = float(clock_frames[index]) - first
        own_frames = np.arange(len(trial.detections[index]), dtype=np.float64)
        when: FloatArray = own_frames / float(trial.pace[index]) + start
        expected = project(own, sample(points.reshape(frames, keypoints, 3), when))
        person[index] = _nearest(trial.detections[index], person[index], expected, twins)
    return replace(trial, person=person)


def _nearest(detections: FloatArray, now: FloatArray, expected: FloatArray, twins: IntArray) -> FloatArray:
    """Of detections (F, D, K, 2), as they are or with sides exchanged, the nearest to where the person is expected (F, K, 2)."""
    ways = np.concatenate([detections, detections[:, :, twins]], axis=1)
    distance, count = median_of_known(np.linalg.norm(ways - expected[:, None], axis=-1), axis=-1)
    size = typical_extent(now)
    distance = np.where(count >= 4, distance, np.inf)
    best = distance.argmin(axis=1)
    rows = np.arange(len(ways))
    same, _ = median_of_known(np.linalg.norm(now - expected, axis=-1), axis=-1)
    known = np.isfinite(expected[..., 0]).sum(axis=1) >= 4
    stay = ~known | (distance[rows, best] > CLEARLY * np.where(np.isfinite(same), same, np.inf))
    taken = np.where((distance[rows, best] <= NEAR * size)[:, None, None], ways[rows, best], np.nan)
    return without_spikes(np.where((stay & (same <= NEAR * size) | ~known)[:, None, None], now, taken))
