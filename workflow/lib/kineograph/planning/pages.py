"""What rules ask about the pages and the pictures and videos on them."""

from __future__ import annotations

import functools
from pathlib import Path

from kineograph.catalog.assets import Asset
from kineograph.planning.paths import Wildcards
from kineograph.planning.plan_part import PlanPart
from kineograph.provenance.fingerprint import fingerprint, fingerprints
from kineograph.settings.text import canonical

BONES_ASSET = "opensim_bones"
GEOMETRY = "Geometry"
"""OpenSim's name for the folder of shapes beside a model."""
PAGE_SUFFIXES = (".html", ".css", ".js")


class PagePlan(PlanPart):
    """The answers on pages."""

    def overlay_videos(self, wildcards: Wildcards) -> list[str]:
        """The videos with overlays of a trial's cameras, where they are asked for."""
        trial = self._plan.trial(wildcards)
        asked = self._plan.config.section("report", session=trial.session, trial=trial.name)["overlay_video"]
        return self._plan.of_trial(trial, "overlay_video") if asked else []

    def blurred_keypoints(self, wildcards: Wildcards) -> list[str]:
        """The keypoints of a trial's cameras where heads are to be blurred; else none are needed."""
        return self._plan.of_trial(self._plan.trial(wildcards), "keypoints") if self.blur_argument(wildcards) else []

    def filmed(self, wildcards: Wildcards) -> list[str]:
        """The videos and folders of pictures of a trial's cameras."""
        return [str(camera.path) for camera in self._plan.trial(wildcards).cameras if camera.filmed]

    def filmed_content(self, wildcards: Wildcards) -> str:
        """Their fingerprints."""
        cameras = self._plan.trial(wildcards).cameras
        return canonical({item.name: fingerprint(item.path) for item in cameras if item.filmed})

    def bones_folder(self) -> str:
        """The folder with the shapes of the models' bones."""
        own = self._plan.config.value("opensim_setup")
        return str(Path(own or self._bones().folder(self._plan.cache)) / GEOMETRY)

    def bones_input(self) -> list[str]:
        """The file that must be there before the shapes can be read; none where they are the user's own, or there are none."""
        return [] if self._plan.config.value("opensim_setup") else [str(self._bones().record(self._plan.cache))]

    def bones_content(self, _wildcards: Wildcards) -> str:
        """The fingerprint of the shapes."""
        if not self._plan.config.value("opensim_setup"):
            return self._bones().identity
        folder = Path(self.bones_folder())
        return fingerprint(folder) if folder.is_dir() else ""

    def _bones(self) -> Asset:
        return self._plan.catalogue.asset(BONES_ASSET)

    def blur_argument(self, wildcards: Wildcards) -> str:
        """The command line's --blur-faces, where it is asked for."""
        section = self._plan.config.section("report", session=wildcards.session, trial=wildcards.trial)
        return "--blur-faces" if section["blur_faces"] else ""

    def camera_names(self, wildcards: Wildcards) -> str:
        """The cameras of a trial, as JSON."""
        return canonical([camera.name for camera in self._plan.trial(wildcards).cameras])

    def result_files(self, wildcards: Wildcards) -> str:
        """The files that a trial's page names to each participant, as JSON."""
        path = self._plan.path
        names = {"session": wildcards.session, "trial": wildcards.trial}
        people = self._plan.trial(wildcards).participants
        kinds = ("motion", "trc", "model")
        return canonical({name: [path(kind, **names, participant=name) for kind in kinds] for name in people})

    def trial_content(self, _wildcards: Wildcards) -> str:
        """The fingerprints of the files that a trial's page is made of."""
        return self._content("trial")

    def dataset_content(self, _wildcards: Wildcards) -> str:
        """The fingerprints of the files that the dataset's page is made of."""
        return self._content("dataset")

    @functools.cache  # noqa: B019  # a PagePlan lives as long as the process
    def _content(self, page: str) -> str:
        folder = Path(__file__).parent.parent / "pages"
        files = [path for path in sorted((folder / page).iterdir()) if path.suffix in PAGE_SUFFIXES]
        return canonical(fingerprints([*files, folder / "style.css"]))
