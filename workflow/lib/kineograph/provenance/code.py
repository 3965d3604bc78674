"""A digest of the code that a stage runs, blind to comments, docstrings, formatting and the version of Python.

The digest covers a module and everything that it imports from this package, at any depth. It is taken from the syntax
tree, so that a reformat (quotes, line breaks, brackets, trailing commas) changes nothing; fields that are empty are left
out, so that node types which gained fields in a later Python read the same.
"""

from __future__ import annotations

import ast
import atexit
import functools
import hashlib
from pathlib import Path

from kineograph.provenance.remembered import Meaning, Remembered

PACKAGE = Path(__file__).resolve().parent.parent
ROOT = PACKAGE.parent


@functools.cache
def code_digest(*modules: str) -> str:
    """Digest (16 hexadecimal digits) of the named modules and what they import from the package.

    Parameters
    ----------
    *modules : str
        Full names, such as ``kineograph.cli.filter``.

    Raises
    ------
    ModuleNotFoundError
        Where the package has no such module.
    """
    texts: dict[str, str] = {}
    todo = list(modules)
    while todo:
        module = todo.pop()
        if module not in texts:
            texts[module], imported = _read(module)
            todo += imported
    whole = "\n".join(f"{module}={texts[module]}" for module in sorted(texts))
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def remember_in(path: Path) -> None:
    """Keep the meaning of source texts in a file, for the next start of this program."""
    own = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    remembered = Remembered(path, meaning, own)
    atexit.register(remembered.save)
    _MEANING.append(remembered.of)


@functools.cache
def _read(module: str) -> tuple[str, frozenset[str]]:
    path = _path(module)
    if path is None:
        raise ModuleNotFoundError(f"no module {module} under {ROOT}")
    text, names = _MEANING[-1](path.read_text(encoding="utf-8"))
    ours = {name for name in names if _path(name)}
    return text, frozenset(ours | {parent for name in ours for parent in _parents(name)})


def meaning(source: str) -> Meaning:
    """What a source text means, and what of the package it imports, at its top or inside functions.

    The meaning is one line: its syntax tree without docstrings, positions and empty fields.
    """
    tree = ast.parse(source)
    return _serialize(_without_docstrings(tree)), tuple(sorted(_imports(tree)))


_MEANING = [meaning]
"""How a source text is read; the last one counts."""


@functools.cache
def _path(module: str) -> Path | None:
    base = ROOT.joinpath(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _imports(tree: ast.AST) -> set[str]:
    """The names in the package that a module imports: modules, and what may be one."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] == PACKAGE.name}


def _parents(module: str) -> list[str]:
    """The packages that Python runs on the way to a module, the package itself left out: it only holds the version."""
    parts = module.split(".")
    return [".".join(parts[:n]) for n in range(2, len(parts))]


def _without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = [item for item in node.body if not _is_docstring(item)]
    return tree


def _is_docstring(node: ast.stmt) -> bool:
    """A string that stands alone as a statement does nothing, wherever it stands."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_empty_text(node: ast.expr) -> bool:
    """Some releases of Python 3.12 end a format specification with an empty string."""
    return isinstance(node, ast.Constant) and node.value == ""


def _serialize(node: object) -> str:
    if isinstance(node, ast.JoinedStr):
        return f"JoinedStr(values={_serialize([part for part in node.values if not _is_empty_text(part)])})"
    if isinstance(node, ast.AST):
        fields = ((name, getattr(node, name, None)) for name in node._fields if name not in ("kind", "type_comment"))
        parts = [f"{name}={_serialize(value)}" for name, value in fields if value is not None and value != []]
        return f"{type(node).__name__}({','.join(parts)})"
    if isinstance(node, list):
        return "[" + ",".join(_serialize(item) for item in node) + "]"
    return f"{type(node).__name__}:{node!r}"
