"""What plug-ins there are and which parameters they take, read from their files without importing them.

A plug-in is a file in a plug-in folder. Its parameters are a literal ``PARAMETERS`` in it: a dict of JSON schemas, one a
parameter. Reading it as text keeps numpy and scipy out of the Snakefile.
"""

from __future__ import annotations

import ast
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


@functools.cache
def plugin_parameters(folder: str, name: str) -> dict[str, dict[str, Any]]:
    """The JSON schema of each parameter of a plug-in; empty where it takes none."""
    tree = ast.parse((_folder(folder) / f"{name}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets: list[ast.expr] = node.targets
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        else:
            continue
        if any(isinstance(target, ast.Name) and target.id == "PARAMETERS" for target in targets):
            assert node.value is not None
            parameters: dict[str, dict[str, Any]] = ast.literal_eval(node.value)
            return parameters
    return {}


def _folder(folder: str) -> Path:
    return PACKAGE.joinpath(*folder.split("."))
