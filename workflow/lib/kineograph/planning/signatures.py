"""Signatures worked out once: Snakemake asks each function of wildcards for its own several times a job."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])
Class = TypeVar("Class", bound=type)


def keeps_signature(function: Function) -> Function:
    """Keep a function's signature with it, where :func:`inspect.signature` finds it at a sixth of the cost."""
    function.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    return function


def not_recorded(answer: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """A parameter's function that asks for the input files, too: Snakemake records none of it, and reruns nothing for it."""
    return keeps_signature(lambda wildcards, input: answer(wildcards))


def keep_signatures(owner: Class) -> Class:
    """The same for all methods of a class."""
    for value in vars(owner).values():
        if inspect.isfunction(value):
            keeps_signature(value)
    return owner
