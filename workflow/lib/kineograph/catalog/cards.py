"""Reading TOML cards, with errors that name what is there."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kineograph.errors import InputError, nearest


def read_card(path: Path, kind: str, keys: Iterable[str], role: str = "") -> dict[str, Any]:
    """Read a TOML card and refuse keys that it should not have.

    Parameters
    ----------
    path : Path
        The card.
    kind : str
        What the card describes, for messages: ``model`` or ``skeleton``.
    keys : iterable of str
        The keys that such a card may have.
    role : str
        The value of the card's key ``kind`` that is wanted: cards of others are not suggested.

    Raises
    ------
    InputError
        Where the card is not there, is not TOML, or has an unknown key.
    """
    allowed = sorted(keys)
    try:
        card = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        known = sorted(item.stem for item in path.parent.glob("*.toml") if not role or _has_role(item, role))
        longer = [name for name in known if _plain(name).startswith(_plain(path.stem))]
        hint = f"did you mean {', or '.join(longer)}?" if longer else nearest(path.stem, known)
        raise InputError(
            f"there is no {kind} '{path.stem}'",
            expected=f"one of {', '.join(known)}, or the path of a card",
            found=str(path),
            hint=hint or f"write a card for it in {path.parent}",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            f"the {kind} card {path} is not TOML", expected="a TOML file", found=str(error), hint="correct that line"
        ) from error
    unknown = sorted(set(card) - set(allowed))
    if unknown:
        raise InputError(
            f"the {kind} card {path} has an unknown key '{unknown[0]}'",
            expected=f"one of {', '.join(allowed)}",
            found=f"'{unknown[0]}'",
            hint=nearest(unknown[0], allowed) or "remove it",
        )
    return card


def _has_role(path: Path, role: str) -> bool:
    return f'\nkind = "{role}"' in path.read_text(encoding="utf-8", errors="replace")


def _plain(name: str) -> str:
    """A name without what people mix up."""
    return name.lower().replace("_", "-")
