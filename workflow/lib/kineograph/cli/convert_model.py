"""Convert a network of another format to ONNX."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from kineograph.catalog.models import CONVERTERS, read_model_card
from kineograph.cli._common_arguments import RESOURCES
from kineograph.errors import InputError
from kineograph.io.atomic import write_bytes
from kineograph.settings.plugins import plugin_module, plugin_names


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--card", required=True, help="name or path of the model card")
    parser.add_argument(
        "--source", type=Path, required=True, metavar="FILE", help="the file that the card's weights are in"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the ONNX file")


def run(args: argparse.Namespace) -> None:
    """Convert as the card says."""
    card = read_model_card(args.card, RESOURCES / "models")
    if not card.converted:
        raise InputError(
            f"the weights of the model '{card.name}' need no conversion",
            expected=f"weights.format in {card.path}, one of {', '.join(plugin_names(CONVERTERS))}",
            found="ONNX",
            hint="use the file as it is",
        )
    converter = importlib.import_module(plugin_module(CONVERTERS, card.format))
    model = converter.convert(args.source, card.conversion)
    write_bytes(args.out, model.SerializeToString())
