"""Model cards: one TOML file a network, with all that running it takes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from kineograph.catalog.assets import Catalogue
from kineograph.catalog.cards import read_card
from kineograph.errors import ConfigError, InputError
from kineograph.provenance.fingerprint import fingerprint
from kineograph.settings.plugins import plugin_literal, plugin_names

DECODERS = "pose.decoders"
"""The folder of the plug-ins that cards name as their decoders."""

_KEYS = {
    "name",
    "kind",
    "decoder",
    "skeleton",
    "detector",
    "input_px",
    "mean",
    "std",
    "licence",
    "weights",
    "parameters",
}
_KEYS |= {"title", "source"}
CONVERTERS = "pose.converters"
"""The plug-in folder of the formats that are converted."""
ONNX = "onnx"


@dataclass(frozen=True)
class ModelCard:
    """A network and how to use it.

    Attributes
    ----------
    name : str
        The card's name.
    kind : str
        ``detector`` (picture -> people) or ``pose`` (person -> keypoints).
    decoder : str
        The plug-in that prepares its input and reads its output.
    input_px : tuple of int
        Width and height of its input, px.
    mean, std : tuple of float
        What is subtracted from and divided out of each channel, in the order in which the picture is stored (BGR).
    skeleton : str
        The skeleton card of its keypoints; empty for detectors.
    detector : str
        The detector's card that a pose network uses unless another is asked for; a path counts from the card's folder. Empty for
        one-stage networks, and where none is known.
    asset, file : str
        The asset that holds the weights, and the member; asset is empty for a local file.
    format : str
        Of the weights: ``onnx``, or the converter that makes ONNX of them.
    conversion : dict
        The converter's options.
    parameters : dict
        What only this decoder knows: thresholds, the scale of its output.
    licence : str
        Of the weights.
    path : Path
        The card's own file.
    """

    name: str
    kind: Literal["detector", "pose"]
    decoder: str
    input_px: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    skeleton: str
    detector: str
    asset: str
    file: str
    format: str = ONNX
    conversion: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    licence: str = ""
    path: Path = Path()

    @property
    def converted(self) -> bool:
        """Whether the weights are converted to ONNX before they are used."""
        return self.format != ONNX

    def identity(self, catalogue: Catalogue, converter_digest: str) -> str:
        """12 hexadecimal digits that change when the card, its weights or their conversion do."""
        weights = catalogue.asset(self.asset).identity if self.asset else fingerprint(self.local_file)
        facts = [self.path.read_text(encoding="utf-8"), weights, converter_digest if self.converted else ""]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]

    @property
    def one_stage(self) -> bool:
        """True where the network finds the people as well, so that it needs no detector."""
        known = self.decoder in plugin_names(DECODERS)
        return known and bool(plugin_literal(DECODERS, self.decoder, "ONE_STAGE", False))

    @property
    def one_person(self) -> bool:
        """True for a detector that finds one person in a picture only."""
        known = self.decoder in plugin_names(DECODERS)
        return known and bool(plugin_literal(DECODERS, self.decoder, "ONE_PERSON", False))

    @property
    def local_file(self) -> Path:
        """The weights of a card that names a file beside itself."""
        return self.path.parent / self.file

    def onnx_path(self, catalogue: Catalogue, cache: Path, identity: str) -> Path:
        """Where the network's ONNX file is, or will be once it is fetched and converted; `identity` from :meth:`identity`."""
        if not self.asset:
            return self.local_file
        if self.converted:
            return cache / "models" / f"{self.name}-{identity}.onnx"
        return catalogue.asset(self.asset).path(cache, self.file)


def read_model_card(name: str, folder: Path, role: str = "") -> ModelCard:
    """The card of that name in a folder, the card at that path, or the card beside the ONNX file at that path.

    Where there is none, cards of the given role (their kind) are suggested.

    Raises
    ------
    InputError
        Where there is no such card, or it lacks something.
    """
    own = name.endswith((".toml", ".onnx"))
    path = Path(name).with_suffix(".toml") if own else folder / f"{name}.toml"
    card = read_card(path, "model", _KEYS, role)
    try:
        weights = card["weights"]
        kind = card["kind"]
        if kind not in ("detector", "pose"):
            raise ValueError(f"kind '{kind}'")
        return ModelCard(
            name=card["name"],
            kind=kind,
            decoder=card["decoder"],
            input_px=(int(card["input_px"][0]), int(card["input_px"][1])),
            mean=tuple(float(value) for value in card.get("mean", (0.0, 0.0, 0.0))),
            std=tuple(float(value) for value in card.get("std", (1.0, 1.0, 1.0))),
            skeleton=card["skeleton"] if kind == "pose" else "",
            detector=_beside(path, card.get("detector", "")),
            asset=weights.get("asset", ""),
            file=weights["file"],
            format=_known_format(weights),
            conversion={key: value for key, value in weights.items() if key not in ("asset", "file", "format")},
            parameters=card.get("parameters", {}),
            licence=card["licence"],
            path=path,
        )
    except (KeyError, ValueError, IndexError, TypeError, OverflowError) as error:
        raise InputError(
            f"the model card {path} can't be used",
            expected="name, kind, decoder, input_px, licence, weights and, for a pose network, skeleton",
            found=f"no usable {error}",
            hint="compare it with resources/models/rtmpose-m_halpe26.toml",
        ) from error


def read_network_cards(model: str, detector: str | None, folder: Path) -> tuple[ModelCard, ...]:
    """The card of a pose network, and of the detector that it needs: the one that is asked for, or its card's.

    Raises
    ------
    InputError
        Where a card is not there or lacks something.
    ConfigError
        Where a detector is needed and not known, or is asked for and not needed.
    """
    pose = read_model_card(model, folder, "pose")
    if pose.one_stage:
        if detector is None:
            return (pose,)
        raise ConfigError(
            f"the model '{pose.name}' finds people itself",
            expected="pose.detector: null",
            found=f"'{detector}'",
            hint="take pose.detector out of the configuration",
        )
    if not (detector or pose.detector):
        raise ConfigError(
            f"the model '{pose.name}' needs a detector",
            expected="the name of a detector's card, or the path of your own",
            found="none, neither in its card nor in the configuration",
            hint="set pose.detector in the configuration",
        )
    return pose, read_model_card(detector or pose.detector, folder, "detector")


def _beside(card: Path, name: str) -> str:
    return str(card.parent / name) if name.endswith(".toml") else name


def _known_format(weights: dict[str, Any]) -> str:
    name: str = weights.get("format", ONNX)
    if name != ONNX and name not in plugin_names(CONVERTERS):
        raise ValueError(f"weights.format '{name}' ({ONNX}, {', '.join(plugin_names(CONVERTERS))})")
    if name != ONNX and "asset" not in weights:
        raise ValueError("weights.asset, which weights of another format than ONNX need")
    return name
