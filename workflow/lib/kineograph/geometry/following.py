"""Following people in space: each camera's detections are matched to where the people are predicted to be.

What comes out are stretches: a person from the first to the last frame in which two cameras saw them without a long gap.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from kineograph.geometry.births import born
from kineograph.geometry.followed import People, Record, Stretch, nobody
from kineograph.geometry.lines_of_sight import LinesOfSight
from kineograph.model.shapes import BoolArray, FloatArray, IntArray
from kineograph.signal.assignment import cheapest_pairs

FEWEST_KEYPOINTS = 4
"""A detection is compared with a person only where they share this many."""
MIN_CAMERAS = 2
LIMB_WEIGHT = 0.3
"""Against 1 of the trunk: among detections that fit, the one that shows the trunk wins (a person detected in two halves)."""
PRIOR_WEIGHT = 0.05
"""Weight of the predicted point against a camera's line of sight of confidence 1: it holds the depth where rays are parallel."""
MEMORY_S = 0.15
"""Time over which a person's velocity is averaged, s."""
ACCELERATION_M_S2 = 10.0
"""Nobody's trunk is accelerated more than about this while unseen (1 g; a sprinter's start has half of it)."""
ESTABLISHED_S = 0.25
"""Those seen for longer, and on average by more than two cameras, choose first: coincidences of two views starve."""


@dataclass(frozen=True)
class Limits:
    """What following may do: see the configuration's section ``association`` for the meaning."""

    max_distance_m: float
    max_birth_distance_m: float
    max_gap_s: float
    max_speed_m_s: float


class Follower:
    """Follows everybody, frame by frame.

    Parameters
    ----------
    origins_m : (C, 3) array
        Where the cameras are, m.
    trunk : (K,) array of bool
        Which keypoints are the trunk's.
    mirror : (K,) array of int
        The keypoint of the other side; itself for those in the middle.
    fps_hz : float
        Rate of the frames, Hz.
    limits : Limits
        How far people may be from where they are expected.
    """

    def __init__(
        self, origins_m: FloatArray, trunk: BoolArray, mirror: IntArray, fps_hz: float, limits: Limits
    ) -> None:
        self._origins_m = origins_m
        self._cameras = np.arange(len(origins_m))
        self._trunk = trunk
        self._mirror = mirror
        self._importance = np.where(trunk, 1.0, LIMB_WEIGHT)
        self._limits = limits
        self._step_s = float(1 / fps_hz) if fps_hz > 0 else 1.0
        self._gain = 1 - np.exp(-self._step_s / MEMORY_S)
        self._patience = max(1, round(limits.max_gap_s / self._step_s))
        self._established = max(2, round(ESTABLISHED_S / self._step_s))
        self._people = nobody(len(trunk))
        self._next = 0
        self._record = Record()

    def follow(self, blocks: Iterable[LinesOfSight]) -> list[Stretch]:
        """Everybody who was seen by two cameras at once, in stretches.

        Parameters
        ----------
        blocks : iterable of LinesOfSight
            All frames, block by block.
        """
        now = 0
        for block in blocks:
            shown = (block.weight > 0).sum(axis=-1) >= FEWEST_KEYPOINTS
            anybody = shown.any(axis=2).sum(axis=1)
            across = np.eye(3) - block.direction[..., :, None] * block.direction[..., None, :]
            across *= block.weight[..., None, None]
            aim = (across @ self._origins_m[:, None, None, :, None])[..., 0]
            for index in range(len(block.weight)):
                if anybody[index]:
                    view = _View(block.direction[index], block.weight[index], shown[index], across[index], aim[index])
                    self._step(now, view, int(anybody[index]))
                now += 1
        return self._record.stretches()

    def _step(self, now: int, view: _View, cameras_with_somebody: int) -> None:
        people = self._people
        if len(people.identity) and (now - people.last_frame).max() > self._patience:
            people = self._people = people.only(now - people.last_frame <= self._patience)
        free = view.shown
        if len(people.identity):
            gap_s = np.asarray((now - people.last_frame - 1) * self._step_s, float)
            predicted_m = people.points_m + people.velocity_m_s[:, None] * self._step_s
            detection = self._match(people, predicted_m, gap_s, view)
            self._move(people, predicted_m, gap_s, detection, view, now)
            free = _free(view.shown, detection)
            if (free.any(axis=1) & (detection < 0).any(axis=0)).any():
                self._add_mirrored(people, detection, view, free, now)
                free = _free(view.shown, detection)
            centre_m = _centre(people.points_m, people.known, self._trunk)
            for person in np.flatnonzero(people.last_frame == now):
                self._record.add(now, int(people.identity[person]), detection[person], centre_m[person])
        if cameras_with_somebody >= MIN_CAMERAS and free.any(axis=1).sum() >= MIN_CAMERAS:
            self._welcome(now, view, free)

    def _match(self, people: People, predicted_m: FloatArray, gap_s: FloatArray, view: _View) -> IntArray:
        """The detection of each camera that is each person, (A, C); -1 for none."""
        limits = self._limits
        unseen_m = np.minimum(limits.max_speed_m_s * gap_s, 0.5 * ACCELERATION_M_S2 * gap_s**2)
        fit = self._fit(predicted_m, people.known, limits.max_distance_m + unseen_m, view)
        best = fit.argmax(axis=-1)
        detection: IntArray = np.where(np.take_along_axis(fit, best[..., None], axis=-1)[..., 0] >= 0, best, -1)
        if len(people.identity) > 1:
            same = (detection[:, None] == detection[None]) & (detection >= 0)[None]
            same[np.arange(len(same)), np.arange(len(same))] = False
            contested = np.flatnonzero(same.any(axis=(0, 1)))
            if len(contested):
                first = (people.frames_seen >= self._established) & (people.views_seen > 2.2 * people.frames_seen)
                for camera in contested:
                    detection[:, camera] = _share_out(fit[:, camera], first)
        return detection

    def _add_mirrored(self, people: People, detection: IntArray, view: _View, free: BoolArray, now: int) -> None:
        """Give those who are seen the free detections that show them with left and right exchanged.

        Networks do that in some frames. It is still the same person; the points are not moved by it.
        """
        here = people.last_frame == now
        reach_m = np.full(len(here), self._limits.max_distance_m)
        fit = self._fit(people.points_m[:, self._mirror], people.known[:, self._mirror], reach_m, view)
        wanted = (fit >= 0) & free & (detection < 0)[..., None] & here[:, None, None]
        for camera in np.flatnonzero(wanted.any(axis=(0, 2))):
            given = _share_out(np.where(wanted[:, camera], fit[:, camera], -1.0), here)
            detection[:, camera] = np.where(given >= 0, given, detection[:, camera])

    def _fit(self, points_m: FloatArray, known: BoolArray, reach_m: FloatArray, view: _View) -> FloatArray:
        """How well each detection shows each person (A, C, D); -1 where it doesn't: where the median isn't within reach."""
        offset = points_m[:, None] - self._origins_m[:, None]  # (A, C, K, 3)
        along = np.einsum("ackx,cdkx->acdk", offset, view.direction)
        square = np.einsum("ackx,ackx->ack", offset, offset)[:, :, None] - along * along
        common = (view.weight > 0)[None] & known[:, None, None]
        nearness = 1 - np.sqrt(np.maximum(square, 0)) / reach_m[:, None, None, None]
        near = common & (nearness > 0)
        count = common.sum(axis=-1)
        fits = (count >= FEWEST_KEYPOINTS) & (2 * near.sum(axis=-1) >= count)
        score = np.where(near, nearness, 0.0) * view.weight
        fit: FloatArray = np.where(fits, score @ self._importance, -1.0)
        return fit

    def _move(
        self,
        people: People,
        predicted_m: FloatArray,
        gap_s: FloatArray,
        detection: IntArray,
        view: _View,
        now: int,
    ) -> None:
        """Move everybody to where their lines of sight meet; detections that don't fit the others are taken back."""
        meeting = self._meet(people, predicted_m, detection, view)
        if gap_s.any() and self._take_back(meeting, gap_s > 0, detection, view):
            meeting = self._meet(people, predicted_m, detection, view)
        points_m, views, solvable = meeting
        sure = (views >= MIN_CAMERAS) & people.known
        shift = np.where(sure[..., None], points_m - predicted_m, 0.0).sum(axis=1)
        shift /= np.maximum(sure.sum(axis=1), 1)[:, None]
        people.velocity_m_s += self._gain * shift / self._step_s
        fresh = views > 0
        people.points_m = np.where(fresh[..., None], points_m, predicted_m + shift[:, None])
        people.known = people.known | solvable
        cameras = (detection >= 0).sum(axis=1)
        seen = (cameras >= MIN_CAMERAS) & ((views >= MIN_CAMERAS).sum(axis=1) >= FEWEST_KEYPOINTS)
        people.velocity_m_s[~seen] *= 1 - self._gain / 2
        people.last_frame = np.where(seen, now, people.last_frame)
        people.frames_seen = people.frames_seen + seen
        people.views_seen = people.views_seen + np.where(seen, cameras, 0)

    def _meet(
        self, people: People, predicted_m: FloatArray, detection: IntArray, view: _View
    ) -> tuple[FloatArray, IntArray, BoolArray]:
        """Points (A, K, 3) nearest to the lines of sight, how many lines there are, and where that makes a point."""
        taken = detection >= 0
        pick = np.maximum(detection, 0)
        views = ((view.weight[self._cameras, pick] > 0) & taken[..., None]).sum(axis=1)
        share = taken[..., None, None].astype(float)
        prior = PRIOR_WEIGHT * people.known
        normal = np.einsum("ac,ackij->akij", taken.astype(float), view.across[self._cameras, pick])
        right = (view.aim[self._cameras, pick] * share).sum(axis=1) + prior[..., None] * predicted_m
        solvable = (views >= MIN_CAMERAS) | (people.known & (views > 0))
        normal += np.where(solvable, prior + 1e-6, 1.0)[..., None, None] * np.eye(3)
        points_m = np.linalg.solve(normal, right[..., None])[..., 0]
        return np.where(solvable[..., None], points_m, predicted_m), np.where(solvable, views, 0), solvable

    def _take_back(
        self, meeting: tuple[FloatArray, IntArray, BoolArray], unsure: BoolArray, detection: IntArray, view: _View
    ) -> bool:
        """Take the detections back that are far from where the others meet; True where there were some."""
        points_m, _, solvable = meeting
        pick = np.maximum(detection, 0)
        offset = points_m[:, None] - self._origins_m[:, None]
        along = (offset * view.direction[self._cameras, pick]).sum(axis=-1)
        square = (offset * offset).sum(axis=-1) - along * along
        common = (view.weight[self._cameras, pick] > 0) & solvable[:, None] & (detection >= 0)[..., None]
        far = common & (square > self._limits.max_distance_m**2)
        wrong = (2 * far.sum(axis=-1) > common.sum(axis=-1)) & unsure[:, None]
        detection[wrong] = -1
        return bool(wrong.any())

    def _welcome(self, now: int, view: _View, free: BoolArray) -> None:
        """Begin to follow those whom free detections show."""
        people = self._people
        here = people.last_frame == now
        found = born(
            view.direction,
            view.weight,
            free,
            self._origins_m,
            np.concatenate([people.points_m[here], people.points_m[here][:, self._mirror]]),
            np.concatenate([people.known[here], people.known[here][:, self._mirror]]),
            self._limits.max_birth_distance_m,
            self._limits.max_distance_m,
        )
        for birth in found:
            views = int((birth.detection >= 0).sum())
            self._people = self._people.and_new(self._next, birth.points_m, birth.known, now, views)
            centre_m = _centre(birth.points_m[None], birth.known[None], self._trunk)[0]
            self._record.add(now, self._next, birth.detection, centre_m)
            self._next += 1


@dataclass(frozen=True)
class _View:
    """One frame: directions (C, D, K, 3), weights (C, D, K), who shows enough (C, D), and the normal equations."""

    direction: FloatArray
    weight: FloatArray
    shown: BoolArray
    across: FloatArray
    aim: FloatArray


def _share_out(fit: FloatArray, first: BoolArray) -> IntArray:
    """Who gets which detection (A,) of one camera so that the fits (A, D) add up to most; `first` choose first.

    Hungarian method (Kuhn 1955, doi:10.1002/nav.3800020109).
    """
    given = np.full(len(fit), -1)
    left = np.ones(fit.shape[1], bool)
    for group in (np.flatnonzero(first), np.flatnonzero(~first)):
        columns = np.flatnonzero(left)
        if not len(group) or not len(columns):
            continue
        rows, chosen = cheapest_pairs(-np.maximum(fit[np.ix_(group, columns)], -1e-6))
        for row, column in zip(group[rows], columns[chosen], strict=True):
            if fit[row, column] >= 0:
                given[row] = column
                left[column] = False
    return given


def _free(shown: BoolArray, detection: IntArray) -> BoolArray:
    """The detections (C, D) that are nobody's, given whose (A, C) they are."""
    taken = detection >= 0
    free = shown.copy()
    free[np.nonzero(taken)[1], detection[taken]] = False
    return free


def _centre(points_m: FloatArray, known: BoolArray, trunk: BoolArray) -> FloatArray:
    """The middle (A, 3) of the trunk's known points, or of all where the trunk isn't known."""
    shown = known & trunk
    use = np.where(shown.any(axis=1, keepdims=True), shown, known)[..., None]
    centre: FloatArray = (points_m * use).sum(axis=1) / use.sum(axis=1)
    return centre
