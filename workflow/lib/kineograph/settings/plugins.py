"""What plug-ins there are and which parameters they take, read from their files without importing them.

A plug-in is a file in a plug-in folder. Its parameters are a literal ``PARAMETERS`` in it: a dict of JSON schemas, one a
parameter. Reading it as text keeps numpy and scipy out of the Snakefile.
"""

from __future__ import annotations

import ast
import contextlib
import functools
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent.parent


def plugin_names(folder: str) -> list[str]:
    """The plug-ins in a folder of the package (``signal.filters``), by file name, sorted."""
    return sorted(path.stem for path in _folder(folder).glob("*.py") if not path.stem.startswith("_"))


def plugin_module(folder: str, name: str) -> str:
    """The full module name of a plug-in."""
    return f"{PACKAGE.name}.{folder}.{name}"


def plugin_parameters(folder: str, name: str) -> dict[str, dict[str, Any]]:
    """The JSON schema of each parameter of a plug-in; empty where it takes none."""
    parameters: dict[str, dict[str, Any]] = plugin_literal(folder, name, "PARAMETERS", {})
    return parameters


@functools.cache
def _literals(folder: str, name: str) -> dict[str, Any]:
    """The module-level names of a plug-in's file that are plain literals."""
    tree = ast.parse((_folder(folder) / f"{name}.py").read_text(encoding="utf-8"))
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            with contextlib.suppress(ValueError):
                found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


def plugin_literal(folder: str, name: str, literal: str, default: Any) -> Any:
    """The value of a literal that a plug-in's file declares, or `default`."""
    return _literals(folder, name).get(literal, default)


def _folder(folder: str) -> Path:
    return PACKAGE.joinpath(*folder.split("."))
