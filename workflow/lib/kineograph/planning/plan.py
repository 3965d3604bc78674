"""What rules ask of a configuration about trials, cameras and participants, from their recordings to their results."""

from __future__ import annotations

import functools
import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kineograph.catalog.assets import Catalogue, read_catalogue
from kineograph.catalog.models import (
    CONVERTERS,
    DECODERS,
    ONNX,
    ModelCard,
    read_model_card,
    read_network_cards,
)
from kineograph.dataset.keypoint_files import FOLDER as KEYPOINT_FORMATS
from kineograph.dataset.keypoint_files import meant_skeletons
from kineograph.dataset.read import read_dataset
from kineograph.dataset.records import CameraSource, Dataset, Trial
from kineograph.errors import Mistakes, noted_in
from kineograph.layout import Layout
from kineograph.planning.cache_link import linked_cache
from kineograph.planning.named import note_missing_networks, note_unknown_cameras, note_unknown_names
from kineograph.planning.paths import ResultPaths, Wildcards, named
from kineograph.planning.projects import with_project
from kineograph.planning.signatures import keep_signatures, keeps_signature
from kineograph.planning.variants import Variants
from kineograph.project_formats._project import Project
from kineograph.provenance.code import code_digest
from kineograph.provenance.fingerprint import fingerprint
from kineograph.settings.configuration import Configuration
from kineograph.settings.plugins import plugin_module
from kineograph.settings.text import canonical

FromWildcards = Callable[[Wildcards], str]
OPENSIM_ASSET = "opensim_setup"
CONVERTER = "kineograph.cli.convert_model"
IMPORTER = "kineograph.cli._any_keypoints"
"""What the inspection and the keypoint stage import where a camera has a keypoint file."""
IMPORT_KEY = "keypoint_skeleton"
"""The one key of the section ``pose`` that applies to precomputed keypoints, and to nothing else."""


@keep_signatures
class Plan(ResultPaths):
    """The answers for one configuration.

    Parameters
    ----------
    config : dict
        The configuration.
    repository : Path
        The repository's folder: schemas and resources are under it.
    where : str
        Where the configuration came from, for messages.
    mistakes : Mistakes, optional
        Where to note what is wrong; the plan is then of what is left.

    Raises
    ------
    ConfigError, InputError
        Where the configuration or the dataset's sheets and folders can't be understood and `mistakes` is not given: the
        first mistake, with the others beside it.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        repository: Path,
        where: str = "the configuration",
        mistakes: Mistakes | None = None,
    ) -> None:
        with noted_in(mistakes) as noted:
            self._read(config, repository, where, noted)
            note_unknown_names(self.config, self.dataset, noted)
            note_unknown_cameras(self.config, self.dataset, noted)
            note_missing_networks(self.config, self.dataset, self.resources / "models", noted)

    def _read(self, config: Mapping[str, Any], repository: Path, where: str, mistakes: Mistakes) -> None:
        schema = repository / "workflow" / "schemas" / "config.schema.yaml"
        whole: dict[str, Any] = dict(config)
        self.project: Project | None = None
        with mistakes.noted():
            whole, self.project = with_project(config)
        self.config = Configuration(whole, schema, where, mistakes)
        self.layout = Layout(self.config.value("results"))
        root = self.config.value("dataset")
        sheets = self.config.value("trials"), self.config.value("participants")
        self.dataset = read_dataset(Path(root), *sheets, mistakes) if root else Dataset(())
        self.variants = Variants(self.config, self.dataset, mistakes)
        self.dataset = self.variants.dataset
        self.resources = repository / "resources"
        self.catalogue: Catalogue = read_catalogue(self.resources / "assets.toml")
        self.cache = linked_cache()
        self._identities: dict[str, str] = {}

    def camera(self, wildcards: Wildcards) -> CameraSource:
        """The camera of the wildcards."""
        return self.trial(wildcards).camera(wildcards.camera)

    def recording(self, wildcards: Wildcards) -> str:
        """The file or folder that the camera of the wildcards recorded."""
        return str(self.camera(wildcards).path)

    def recording_kind(self, wildcards: Wildcards) -> str:
        """What it is: a video, a folder of pictures, or a keypoint format."""
        return self.camera(wildcards).kind

    # ---- settings, code and content

    def settings(self, section: str, part: str | None = None) -> FromWildcards:
        """A param: the settings of a section, or of the part of it that a stage reads, as canonical JSON."""
        scope = self.config.scope(section)

        @keeps_signature
        def text(wildcards: Wildcards) -> str:
            return self.config.text(section, part, **{name: getattr(wildcards, name) for name in scope})

        return text

    def code(self, verb: str, section: str | None = None) -> FromWildcards | str:
        """A param: the digest of the code that a verb runs, with the plug-in that the section chooses."""
        module = f"kineograph.cli.{verb}"
        if section is None:
            return code_digest(module)
        scope = self.config.scope(section)

        @keeps_signature
        def digest(wildcards: Wildcards) -> str:
            plugin = self.config.plugin(section, **{name: getattr(wildcards, name) for name in scope})
            return code_digest(module, plugin) if plugin else code_digest(module)

        return digest

    # ---- inputs and keypoints

    def inspected(self, wildcards: Wildcards) -> str:
        """What the inspection of a trial is given: its cameras, what is wrong with its entry, its frame rate."""
        trial = self.trial(wildcards)
        return canonical({"cameras": _described(trial), "problems": list(trial.problems), "fps_hz": trial.fps_hz})

    def recorded_cameras(self, wildcards: Wildcards) -> str:
        """A trial's cameras and what they recorded, as JSON."""
        return canonical(_described(self.trial(wildcards)))

    def inspection_code(self, wildcards: Wildcards) -> str:
        """The digest of the inspection's code, with the formats of the trial's keypoint files."""
        return code_digest("kineograph.cli.inspect", *_import_modules(self.trial(wildcards).cameras))

    def recordings(self, wildcards: Wildcards) -> list[str]:
        """The files and folders that a trial's cameras recorded."""
        return [str(camera.path) for camera in self.trial(wildcards).cameras]

    def recordings_content(self, wildcards: Wildcards) -> str:
        """The fingerprints of what a trial's cameras recorded."""
        return canonical({item.name: fingerprint(item.path) for item in self.trial(wildcards).cameras})

    def stated_fps(self, wildcards: Wildcards) -> str:
        """The frame rate that a camera is given, Hz: the sheet's, or the configuration's for what states none itself; or nan."""
        trial = self.trial(wildcards)
        rate = trial.fps_hz
        if rate is None and trial.camera(wildcards.camera).kind != "video":
            rate = self.config.section("inputs", session=trial.session, trial=trial.name)["fps_hz"]
        return "nan" if rate is None else repr(float(rate))

    def pose_settings(self, wildcards: Wildcards) -> str:
        """A param: the settings of a camera's keypoints that apply to what it recorded, as canonical JSON."""
        settings = self.config.text("pose", **named(wildcards, "session", "trial", "camera"))
        return _applying(settings, imported=not self.camera(wildcards).filmed)

    def pose_device(self, wildcards: Wildcards) -> str:
        """The device that a camera's networks are asked to run on."""
        return str(self.config.section("pose", **named(wildcards, "session", "trial", "camera"))["device"])

    def pose_code(self, wildcards: Wildcards) -> str:
        """The digest of the keypoint stage's code, with the decoders of its networks or the format of its keypoint file."""
        modules = [plugin_module(DECODERS, card.decoder) for card in self._networks(wildcards)]
        return code_digest("kineograph.cli.estimate_pose", *modules, *_import_modules([self.camera(wildcards)]))

    def pose_content(self, wildcards: Wildcards) -> str:
        """What a camera's keypoints depend on: the recording, the networks, the skeleton."""
        camera = self.camera(wildcards)
        cards = [self._card_fingerprint(name) for name in self._skeletons_of(self.trial(wildcards), camera)]
        facts = {"recording": fingerprint(camera.path), "skeleton": " ".join(cards)}
        facts |= {card.kind: self._identity(card) for card in self._networks(wildcards)}
        return canonical(facts)

    def network_inputs(self, wildcards: Wildcards) -> list[str]:
        """The files that must be there before a camera's networks can run."""
        return [
            str(self.catalogue.asset(card.asset).record(self.cache))
            if card.asset and not card.converted
            else self._onnx_path(card)
            for card in self._networks(wildcards)
        ]

    def pose_arguments(self, wildcards: Wildcards) -> str:
        """What the command line says of how a camera's keypoints are made, which changes nothing in them.

        The files of the networks, the device, and the chunk of the wildcards, or the chunks that are to be gathered.
        """
        options = {"pose": "--model", "detector": "--detector"}
        words = [f"{options[card.kind]} {shlex.quote(self._onnx_path(card))}" for card in self._networks(wildcards)]
        words.append(f"--device {self.pose_device(wildcards)}")
        if hasattr(wildcards, "chunk"):
            words.append(f"--chunk {self._chunk(wildcards)}")
        elif self._chunks(wildcards):
            words += ["--gather", *map(shlex.quote, self._chunk_files(wildcards))]
        return " ".join(words)

    def gpu_slots(self, wildcards: Wildcards) -> int:
        """GPUs that a camera's job takes: 1, or 0 where it never looks for one, as when it only gathers chunks."""
        gathers = not hasattr(wildcards, "chunk") and self._chunks(wildcards)
        return 0 if self.pose_device(wildcards) == "cpu" or not self._networks(wildcards) or gathers else 1

    def pose_chunks(self, wildcards: Wildcards) -> list[str]:
        """The files of a camera's chunks, with their reports; none where its video is done in one pass."""
        files = self._chunk_files(wildcards)
        return files + [str(Path(path).with_suffix(".json")) for path in files]

    def _chunk_files(self, wildcards: Wildcards) -> list[str]:
        names = named(wildcards, "session", "trial", "camera")
        return [
            self.layout.path("keypoints_chunk", **names, chunk=str(number)) for number in range(self._chunks(wildcards))
        ]

    def _chunk(self, wildcards: Wildcards) -> str:
        """Which chunk of how many, such as ``0/4``; LookupError where there is no such chunk."""
        chunks = self._chunks(wildcards)
        if int(wildcards.chunk) >= chunks:
            raise LookupError(
                f"camera {wildcards.camera} of {wildcards.trial} has no chunk {wildcards.chunk} (pose.chunks)"
            )
        return f"{wildcards.chunk}/{chunks}"

    def _chunks(self, wildcards: Wildcards) -> int:
        """The number of chunks of a camera's video; 0 where it is done in one pass or its keypoints are precomputed."""
        chunks = int(self.config.section("pose", **named(wildcards, "session", "trial", "camera"))["chunks"])
        return chunks if chunks > 1 and self._networks(wildcards) else 0

    def _networks(self, wildcards: Wildcards) -> list[ModelCard]:
        trial = self.trial(wildcards)
        return self._networks_of(trial, trial.camera(wildcards.camera))

    def _networks_of(self, trial: Trial, camera: CameraSource) -> list[ModelCard]:
        """The pose network and the detector of a camera; none for precomputed keypoints."""
        if not camera.filmed:
            return []
        settings = self.config.section("pose", session=trial.session, trial=trial.name, camera=camera.name)
        return list(self._cards(settings["model"], settings["detector"]))

    def _identity(self, card: ModelCard) -> str:
        key = str(card.path)
        if key not in self._identities:
            self._identities[key] = card.identity(self.catalogue, self._converter_digest(card.format))
        return self._identities[key]

    def _onnx_path(self, card: ModelCard) -> str:
        return str(card.onnx_path(self.catalogue, self.cache, self._identity(card)))

    @functools.cache  # noqa: B019  # a Plan lives as long as the process
    def _cards(self, model: str, detector: str | None) -> tuple[ModelCard, ...]:
        return read_network_cards(model, detector, self.resources / "models")

    def _converter_digest(self, format_name: str) -> str:
        """The digest of the code that converts networks of a format to ONNX."""
        return "" if format_name == ONNX else code_digest(CONVERTER, plugin_module(CONVERTERS, format_name))

    def converted_asset(self, wildcards: Wildcards) -> str:
        """The file that must be there before the network named by the wildcard `model` can be converted."""
        card = read_model_card(wildcards.model, self.resources / "models")
        return str(self.catalogue.asset(card.asset).record(self.cache))

    def converted_source(self, wildcards: Wildcards) -> str:
        """The file that the network named by the wildcard `model` is converted from."""
        card = read_model_card(wildcards.model, self.resources / "models")
        return str(self.catalogue.asset(card.asset).path(self.cache, card.file))

    # ---- skeletons and OpenSim

    def skeletons(self, trial: Trial) -> list[str]:
        """The skeleton cards that a trial's keypoints may be on, sorted: one, or those that a keypoint file's format may mean."""
        return sorted({name for camera in trial.cameras for name in self._skeletons_of(trial, camera)})

    def skeleton_path(self, name: str) -> Path:
        """The file of a skeleton card: of the user's own, or of one that is named."""
        return Path(name) if name.endswith(".toml") else self.resources / "skeletons" / f"{name}.toml"

    def skeleton_content(self, wildcards: Wildcards) -> str:
        """The fingerprints of the skeleton cards of a trial's cameras."""
        trial = self.trial(wildcards)
        return canonical({name: self._card_fingerprint(name) for name in self.skeletons(trial)})

    def participant_content(self, wildcards: Wildcards) -> str:
        """The fingerprints of the skeleton cards and of the OpenSim set-up that a participant's model depends on."""
        trials = self.dataset.measured_trials_of(wildcards.session, wildcards.participant)
        found = {name for trial in trials for name in self.skeletons(trial)}
        model = self.config.section("scaling", **named(wildcards, "session", "participant"))["model"]
        own = fingerprint(Path(model)) if model.endswith(".osim") else ""
        cards = {name: self._card_fingerprint(name) for name in sorted(found)}
        return canonical({"skeletons": cards, "setup": self._setup_content(), "model": own})

    def kinematics_content(self, wildcards: Wildcards) -> str:
        """The fingerprints of the skeleton cards and of the OpenSim set-up that a trial's joint angles depend on."""
        return canonical({"skeletons": json.loads(self.skeleton_content(wildcards)), "setup": self._setup_content()})

    def setup_folder(self) -> str:
        """The folder with OpenSim's models and set-up files."""
        own = self.config.value("opensim_setup")
        return own or str(self.catalogue.asset(OPENSIM_ASSET).folder(self.cache))

    def setup_input(self) -> str:
        """The file that must be there before OpenSim's set-up files can be read."""
        own = self.config.value("opensim_setup")
        return own or str(self.catalogue.asset(OPENSIM_ASSET).record(self.cache))

    def _setup_content(self) -> str:
        own = self.config.value("opensim_setup")
        return fingerprint(Path(own)) if own else self.catalogue.asset(OPENSIM_ASSET).identity

    def person_arguments(self, wildcards: Wildcards) -> str:
        """The command line's --height and --mass of a participant, where they are known."""
        person = self.dataset.participants[wildcards.participant]
        known = (("--height", person.height_m), ("--mass", person.mass_kg))
        return " ".join(f"{option} {value!r}" for option, value in known if value is not None)

    def participants(self, wildcards: Wildcards) -> str:
        """The participants of a trial, as JSON."""
        return canonical(list(self.trial(wildcards).participants))

    def heights(self, wildcards: Wildcards) -> str:
        """The heights that tell a trial's participants apart, m, as JSON."""
        return canonical(self.dataset.telling_heights_m(self.trial(wildcards)))

    def frames(self, wildcards: Wildcards) -> str:
        """The range of frames of a trial, as JSON."""
        return canonical(self.trial(wildcards).frames)

    def _skeletons_of(self, trial: Trial, camera: CameraSource) -> tuple[str, ...]:
        """The skeleton cards that a camera's keypoints may be on: one, or those that a keypoint file's format may mean."""
        settings = self.config.section("pose", session=trial.session, trial=trial.name, camera=camera.name)
        if camera.filmed:
            return (self._cards(settings["model"], settings["detector"])[0].skeleton,)
        given = settings[IMPORT_KEY]
        return (str(given),) if given else meant_skeletons(camera.kind)

    def _card_fingerprint(self, name: str) -> str:
        return fingerprint(self.skeleton_path(name))


@functools.cache
def _applying(settings: str, *, imported: bool) -> str:
    """Those of the settings of the section ``pose`` that apply to keypoint files (`imported`), or to networks."""
    return canonical({key: value for key, value in json.loads(settings).items() if (key == IMPORT_KEY) == imported})


def _described(trial: Trial) -> list[dict[str, str]]:
    return [{"name": item.name, "kind": item.kind, "path": str(item.path)} for item in trial.cameras]


def _import_modules(cameras: Sequence[CameraSource]) -> list[str]:
    """The modules that read these cameras' keypoint files, and put them on a skeleton."""
    kinds = sorted({camera.kind for camera in cameras if not camera.filmed})
    return [IMPORTER, *(plugin_module(KEYPOINT_FORMATS, kind) for kind in kinds)] if kinds else []
