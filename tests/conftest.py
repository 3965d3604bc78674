"""What tests share: where the repository and the fetched assets are, and reference data where it is at hand."""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "workflow" / "lib"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fuzz-examples",
        type=int,
        default=0,
        metavar="N",
        help="damage each kind of file N times, at random; an ordinary run does so a few times, always in the same ways",
    )


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def resources() -> Path:
    return REPOSITORY / "resources"


@pytest.fixture
def file_size_limit():
    """A context in which no file of this process can be longer: writing fails there as on a disk that is full."""

    @contextlib.contextmanager
    def limited(size_bytes: int) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited


@pytest.fixture(scope="session")
def reference() -> Path:
    """Public reference data of Pose2Sim (real keypoints, expected results); not part of this repository."""
    folder = Path(os.environ.get("KINEOGRAPH_REFERENCE", REPOSITORY.parent / "shared" / "reference"))
    if not folder.is_dir():
        pytest.skip("no reference data: set KINEOGRAPH_REFERENCE to a folder that has it")
    return folder


@pytest.fixture(scope="session")
def fetched():
    """Fetch an asset into the cache and return its folder."""
    from kineograph.assets.store import obtain
    from kineograph.catalog.assets import default_cache, read_catalogue

    catalogue = read_catalogue(REPOSITORY / "resources" / "assets.toml")
    return lambda name: obtain(catalogue.asset(name), default_cache())


@pytest.fixture(scope="session")
def converted(fetched):
    """Fetch a network and convert it to ONNX: the content of the file."""
    import importlib

    from kineograph.catalog.assets import read_catalogue
    from kineograph.catalog.models import CONVERTERS, read_model_card
    from kineograph.settings.plugins import plugin_module

    catalogue = read_catalogue(REPOSITORY / "resources" / "assets.toml")

    def content(name: str) -> bytes:
        card = read_model_card(name, REPOSITORY / "resources" / "models")
        source = fetched(card.asset) / catalogue.asset(card.asset).inside(card.file)
        converter = importlib.import_module(plugin_module(CONVERTERS, card.format))
        return converter.convert(source, card.conversion).SerializeToString()

    return content


@pytest.fixture(scope="session")
def opensim_setup(fetched) -> Path:
    return fetched("opensim_setup")


@pytest.fixture(scope="session")
def skeletons():
    """Read a skeleton card by name."""
    from kineograph.io.skeletons import read_skeleton

    return lambda name: read_skeleton(REPOSITORY / "resources" / "skeletons" / f"{name}.toml")
