"""Signatures worked out once: Snakemake asks each function of wildcards for its own several times a job."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])
Class = TypeVar("Class", bound=type)

PARAMETERS = "_overwrite_params"
"""Where Snakemake looks for a function's parameters before it asks for its signature (snakemake.common.get_function_params)."""


def keeps_signature(function: Function) -> Function:
    """Keep a function's signature with it: :func:`inspect.signature` takes a twentieth of the planning else."""
    signature = inspect.signature(function)
    vars(function).update({"__signature__": signature, PARAMETERS: signature.parameters})
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
