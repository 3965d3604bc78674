"""Augmenter cards: one TOML file a set of networks that place anatomical markers from keypoints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kineograph.catalog.cards import read_card
from kineograph.errors import InputError

_KEYS = {"name", "title", "source", "licence", "origin", "weights", "networks", "opensim"}
FILES = ("model.onnx", "mean.npy", "std.npy")
"""What a network's folder holds: the network, and what is subtracted from its features and divided out of them."""


@dataclass(frozen=True)
class MarkerNetworkCard:
    """One network of an augmenter.

    Attributes
    ----------
    name : str
        What it is for: ``arms``, say.
    folder : str
        Its folder in the asset.
    required : bool
        Without this network's markers the others are of no use.
    inputs, outputs : tuple of str
        The keypoints that it takes and the markers that it gives, in the order of its features.
    near : dict of str to tuple of str
        Keypoint -> outputs whose mean has to be near it.
    """

    name: str
    folder: str
    required: bool
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    near: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class AugmenterCard:
    """A set of networks and the OpenSim set-up of their markers.

    Attributes
    ----------
    name : str
        The card's name.
    origin : tuple of str
        The keypoints from whose mean positions count.
    asset : str
        The asset with the networks.
    networks : tuple of MarkerNetworkCard
        The networks.
    opensim : dict of str to str
        ``markers``, ``scaling`` and ``inverse_kinematics``: file names in the OpenSim set-up folder.
    path : Path
        The card's own file.
    """

    name: str
    origin: tuple[str, ...]
    asset: str
    networks: tuple[MarkerNetworkCard, ...]
    opensim: dict[str, str]
    path: Path

    @property
    def outputs(self) -> tuple[str, ...]:
        """The markers of all networks."""
        return tuple(name for network in self.networks for name in network.outputs)


def read_augmenter_card(name: str, folder: Path) -> AugmenterCard:
    """The card of that name in a folder.

    Raises
    ------
    InputError
        Where there is no such card, or it lacks something.
    """
    path = folder / f"{name}.toml"
    card = read_card(path, "augmenter", _KEYS)
    try:
        networks = tuple(
            MarkerNetworkCard(
                name=item["name"],
                folder=item["folder"],
                required=bool(item["required"]),
                inputs=tuple(item["inputs"]),
                outputs=tuple(item["outputs"]),
                near={keypoint: tuple(parts) for keypoint, parts in item["near"].items()},
            )
            for item in card["networks"]
        )
        opensim = {key: str(card["opensim"][key]) for key in ("markers", "scaling", "inverse_kinematics")}
        return AugmenterCard(card["name"], tuple(card["origin"]), card["weights"]["asset"], networks, opensim, path)
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"the augmenter card {path} can't be used",
            expected="name, origin, weights, networks (name, folder, required, inputs, outputs, near) and opensim",
            found=f"no usable {error}",
            hint="compare it with resources/augmenters/opencap_lstm.toml",
        ) from error
