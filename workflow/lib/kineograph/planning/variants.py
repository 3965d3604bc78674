"""Which sessions are done once more under other settings (sweep), and whose files they share with the session they vary."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from kineograph.dataset.names import natural_key
from kineograph.dataset.records import Dataset, Trial
from kineograph.errors import ConfigError, Mistakes
from kineograph.settings.configuration import Configuration
from kineograph.settings.variants import Variant, varied_session

MAKES: dict[str, tuple[str, ...]] = {
    "boards": ("board_views", "board_report", "lens", "lens_report"),
    "calibration": ("calibration", "calibration_report", "calibration_picture"),
    "inputs": ("inputs",),
    "pose": ("keypoints", "pose_report", "keypoints_chunk", "pose_chunk_report"),
    "synchronization": ("synchronization",),
    "association": ("tracks", "observations", "association_report"),
    "refinement": ("refined_calibration", "refinement_report"),
    "triangulation": ("points3d", "triangulation_report"),
    "filtering": ("filtered", "filtering_report"),
    "augmentation": ("augmented", "augmentation_report"),
    "markers": ("trc",),
    "scaling": ("model", "scaling_report"),
    "kinematics": ("motion", "coordinates", "bodies", "marker_errors", "kinematics_report"),
    "quality": ("quality",),
}
"""The kinds of files of each stage, by the section that it reads. All other kinds are made of each session by itself."""
FOLLOWS: dict[str, tuple[str, ...]] = {
    "boards": ("calibration",),
    "calibration": ("inputs",),
    "inputs": ("synchronization",),
    "pose": ("synchronization",),
    "synchronization": ("association",),
    "association": ("refinement",),
    "refinement": ("triangulation",),
    "triangulation": ("filtering",),
    "filtering": ("augmentation", "quality"),
    "augmentation": ("markers",),
    "markers": ("scaling",),
    "scaling": ("kinematics",),
}
"""The stages that read the files of each."""
ALSO_READ: dict[str, tuple[str, ...]] = {"inputs": ("pose",)}
"""The stages that read a section besides its own: a keypoint file may have its frame rate from there."""
BY_PEOPLE: dict[str, tuple[str, ...]] = {"pose": ("calibration",)}
ALSO_READ_BY_PEOPLE: dict[str, tuple[str, ...]] = {"synchronization": ("calibration",)}
"""What comes to the two, where calibrations are from people."""
LEAVING_OUT = "triangulation", "without_cameras"
"""The key that leaves a camera out."""
FEWEST_CAMERAS = 3
"""Of a trial, for one of them to be left out: two make a point."""


@dataclass(frozen=True)
class _Shared:
    """What a session under other settings takes from the session that it varies."""

    session: str
    kinds: frozenset[str]


class Variants:
    """The variants of a configuration's sessions.

    Parameters
    ----------
    config : Configuration
        The configuration; it is told of the sessions under other settings.
    dataset : Dataset
        The dataset.
    mistakes : Mistakes
        Where to note that there is no camera that could be left out.

    Attributes
    ----------
    dataset : Dataset
        The same, which also finds the trials under other settings.
    of_session : dict of str to list of (Variant, str)
        Each session's variants, and the session that has the results: the session itself where nothing changes.
    """

    def __init__(self, config: Configuration, dataset: Dataset, mistakes: Mistakes) -> None:
        self._config = config
        self._shared: dict[str, _Shared] = {}
        self.of_session: dict[str, list[tuple[Variant, str]]] = {}
        self.dataset = dataset
        listed, without_each = config.variants(), bool((config.value("sweep") or {}).get("leave_one_camera_out"))
        if not listed and not without_each:
            return
        varied: list[Trial] = []
        for session in dataset.sessions():
            trials = [trial for trial in dataset.trials if trial.session == session]
            each = [*listed, *(self._without_each_camera(session, trials) if without_each else [])]
            self.of_session[session] = [(variant, self._add(session, trials, variant)) for variant in each]
            own = {name for _, name in self.of_session[session] if name != session}
            varied += [dataclasses.replace(trial, session=name) for name in sorted(own) for trial in trials]
        self.dataset = dataclasses.replace(dataset, varied=tuple(varied))
        if without_each and not any(variant.leaves_out for variant, _ in self._each()):
            counts = ", ".join(f"{trial.session}/{trial.name}: {len(trial.cameras)}" for trial in dataset.trials[:6])
            mistakes.add(
                ConfigError(
                    "sweep.leave_one_camera_out finds no session to leave a camera out of",
                    expected=f"a session whose trials all have {FEWEST_CAMERAS} cameras or more",
                    found=counts or "no trial",
                    hint="remove the key: two cameras are the fewest that make a point",
                    key="sweep",
                )
            )

    def __bool__(self) -> bool:
        return bool(self._shared)

    def owner(self, session: str, kind: str) -> str:
        """The session that has a session's files of a kind: itself, or the one that it varies."""
        shared = self._shared.get(session)
        return shared.session if shared and kind in shared.kinds else session

    def _each(self) -> list[tuple[Variant, str]]:
        return [pair for pairs in self.of_session.values() for pair in pairs]

    def _without_each_camera(self, session: str, trials: list[Trial]) -> list[Variant]:
        if any(len(trial.cameras) < FEWEST_CAMERAS for trial in trials):
            return []
        section, key = LEAVING_OUT
        left_out = list(self._config.section(section, session=session)[key])
        cameras = {camera.name for trial in trials for camera in trial.cameras} - set(left_out)
        return [Variant(section, key, [*left_out, camera], camera) for camera in sorted(cameras, key=natural_key)]

    def _add(self, session: str, trials: list[Trial], variant: Variant) -> str:
        """The session that has a variant's results."""
        name = varied_session(session, variant)
        self._config.vary(name, session, variant)
        if all(self._settings(session, trial, variant) == self._settings(name, trial, variant) for trial in trials):
            return session
        by_people = self._config.section("calibration", session=session)["method"] == "people"
        own = {kind for stage in _stale(variant.section, by_people) for kind in MAKES[stage]}
        shared = {kind for kinds in MAKES.values() for kind in kinds} - own
        self._shared[name] = _Shared(session, frozenset(shared))
        return name

    def _settings(self, session: str, trial: Trial, variant: Variant) -> list[object]:
        """What a section says of a trial: once, or for each of its cameras or participants."""
        names = {"session": session, "trial": trial.name}
        each: list[dict[str, str]] = [{}]
        if "camera" in self._config.scope(variant.section):
            each = [{"camera": camera.name} for camera in trial.cameras]
        if "participant" in self._config.scope(variant.section):
            each = [{"participant": person} for person in trial.participants]
        return [self._config.section(variant.section, **names, **more) for more in each]


def _stale(section: str, by_people: bool) -> set[str]:
    """The stages that change with a section, its own included where it has one."""
    graphs = [(FOLLOWS, ALSO_READ), *([(BY_PEOPLE, ALSO_READ_BY_PEOPLE)] if by_people else [])]
    found: set[str] = set()
    todo = [section, *(stage for _, also_read in graphs for stage in also_read.get(section, ()))]
    while todo:
        stage = todo.pop()
        if stage in MAKES and stage not in found:
            found.add(stage)
            todo += [after for follows, _ in graphs for after in follows.get(stage, ())]
    return found
