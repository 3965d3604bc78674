"""The reasons that stages can give for a verdict, read from the source: what each says, and what to do."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
FOLDERS = ("stages", "cli")
"""Where reasons are made."""
OPEN = "…"
"""What stands for a name or a figure."""
OWN_HINT = "what the page says with it"
"""Where the hint depends on what was found."""
VERDICT, TEXT, HINT = 0, 1, 3
"""Places of the arguments of a reason."""


@dataclass(frozen=True)
class KnownReason:
    """A reason that some stage can give.

    Attributes
    ----------
    stage : str
        The stage in whose report it stands.
    verdicts : str
        ``warn``, ``fail``, or both where the figure decides.
    text, hint : str
        What it says and what to do, with :data:`OPEN` for names and figures.
    """

    stage: str
    verdicts: str
    text: str
    hint: str


@functools.cache
def known_reasons() -> tuple[KnownReason, ...]:
    """All reasons, in the order of the files and their lines."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for name in FOLDERS for path in _files(name)}
    stages = _stages(trees)
    return tuple(
        KnownReason(stages[path], verdicts, text, hint)
        for path, tree in trees.items()
        for verdicts, text, hint in _reasons(tree)
    )


def _files(folder: str) -> list[Path]:
    return sorted((PACKAGE / folder).glob("*.py"))


def _stages(trees: dict[Path, ast.Module]) -> dict[Path, str]:
    """The stage of each file: the one that it names, else that of the files that import it."""
    by_module = {f"{PACKAGE.name}.{path.parent.name}.{path.stem}": path for path in trees}
    own = {path: name for path, tree in trees.items() if (name := _named_stage(tree))}
    imports = {path: {by_module[m] for m in _imported(tree) if m in by_module} for path, tree in trees.items()}
    for path, tree in trees.items():  # a verb's stage is the one whose name it imports
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and any(alias.name == "STAGE" for alias in node.names):
                own.setdefault(path, own[by_module[str(node.module)]])
    found = dict(own)
    for path in trees:
        level = {path}
        while path not in found and level:
            level = {user for user, used in imports.items() if used & level}
            names = sorted({own[user] for user in level if user in own})
            if names:
                found[path] = names[-1]
    return found


def _named_stage(tree: ast.Module) -> str:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "STAGE":
            return str(ast.literal_eval(node.value))
    return ""


def _imported(tree: ast.Module) -> Iterator[str]:
    """Names of modules that are imported, or named as a text to be imported when needed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _reasons(tree: ast.Module) -> Iterator[tuple[str, str, str]]:
    constants = [node for node in tree.body if isinstance(node, ast.Assign) and _is_literal_text(node.value)]
    for made_in in ast.walk(tree):
        if not isinstance(made_in, ast.FunctionDef):
            continue
        function = ast.Module([*constants, made_in], [])
        for node in ast.walk(made_in):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Reason" and len(node.args) > TEXT:
                given = node.args[VERDICT]
                verdict = str(given.value) if isinstance(given, ast.Constant) else "warn or fail"
                hints = _texts(node.args[HINT], function, node.lineno) if len(node.args) > HINT else [""]
                hint = " / ".join(item for item in hints if item.strip(OPEN)) or (OWN_HINT if OPEN in hints else "")
                for text in map(_once, _texts(node.args[TEXT], function, node.lineno)):
                    if verdict != "pass" and text != OPEN:  # nothing but a figure or an error's own words
                        yield verdict, text, hint


def _once(text: str) -> str:
    """The text with one sign where several names or figures follow each other."""
    return re.sub(f"{OPEN}+", OPEN, text)


def _texts(node: ast.expr, function: ast.Module, line: int) -> list[str]:
    """What a text can be: a literal, one of two, several put together, or what a name was given last before the line."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.IfExp):
        return _texts(node.body, function, line) + _texts(node.orelse, function, line)
    if isinstance(node, ast.BinOp):
        ends = _texts(node.right, function, line)
        return [first + second for first in _texts(node.left, function, line) for second in ends]
    if isinstance(node, ast.Name):
        given = _assigned(node.id, function, line)
        return _texts(given, function, given.lineno) if given is not None else [OPEN]
    if isinstance(node, ast.JoinedStr):
        whole = [""]
        for part in node.values:
            text = isinstance(part, ast.FormattedValue) and _is_text(part.value)
            inside = part.value if isinstance(part, ast.FormattedValue) and text else part
            pieces = [OPEN] if isinstance(inside, ast.FormattedValue) else _texts(inside, function, line)
            whole = [before + piece for before in whole for piece in pieces]
        return whole
    return [OPEN]


def _is_literal_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_text(node: ast.expr) -> bool:
    """Whether a name is that of a text, as constants are."""
    return isinstance(node, ast.Name) and (node.id == "text" or node.id.isupper())


def _assigned(name: str, function: ast.Module, line: int) -> ast.expr | None:
    """What the name was given last before the line."""
    found: ast.expr | None = None
    latest = 0
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign) or not latest <= node.lineno < line:
            continue
        for target, value in _pairs(node):
            if isinstance(target, ast.Name) and target.id == name:
                found, latest = value, node.lineno
    return found


def _pairs(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            yield from zip(target.elts, node.value.elts, strict=True)
        else:
            yield target, node.value
