"""What rules ask about the pages and the pictures and videos on them."""

from __future__ import annotations

import functools
from pathlib import Path

from kineograph.planning.plan import Plan, Wildcards
from kineograph.planning.signatures import keep_signatures
from kineograph.provenance.fingerprint import fingerprints
from kineograph.settings.text import canonical


@keep_signatures
class PagePlan:
    """The answers for one configuration.

    Parameters
    ----------
    plan : Plan
        The plan of the configuration.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def overlay_videos(self, wildcards: Wildcards) -> list[str]:
        """The videos with overlays of a trial's cameras, where they are asked for."""
        trial = self._plan.trial(wildcards)
        asked = self._plan.config.section("report", session=trial.session, trial=trial.name)["overlay_video"]
        return self._plan.of_trial(trial, "overlay_video") if asked else []

    def blur_argument(self, wildcards: Wildcards) -> str:
        """The command line's --blur-faces, where it is asked for."""
        section = self._plan.config.section("report", session=wildcards.session, trial=wildcards.trial)
        return "--blur-faces" if section["blur_faces"] else ""

    def camera_names(self, wildcards: Wildcards) -> str:
        """The cameras of a trial, as JSON."""
        return canonical([camera.name for camera in self._plan.trial(wildcards).cameras])

    def result_files(self, wildcards: Wildcards) -> str:
        """The files that a trial's page names to each participant, as JSON."""
        path = self._plan.layout.path
        names = {"session": wildcards.session, "trial": wildcards.trial}
        people = self._plan.trial(wildcards).participants
        kinds = ("motion", "trc", "model")
        return canonical({name: [path(kind, **names, participant=name) for kind in kinds] for name in people})

    def content(self, _wildcards: Wildcards) -> str:
        """The fingerprints of the pages' templates and style."""
        return self._content

    @functools.cached_property
    def _content(self) -> str:
        folder = Path(__file__).parent.parent / "pages"
        return canonical(fingerprints([*sorted(folder.glob("*.html")), folder / "style.css"]))
