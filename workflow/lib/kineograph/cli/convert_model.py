"""Convert a network of MediaPipe's from TFLite to ONNX."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.catalog.models import read_model_card
from kineograph.cli._common_arguments import RESOURCES
from kineograph.io.atomic import write_bytes


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--card", required=True, help="name or path of the model card")
    parser.add_argument("--source", type=Path, required=True, metavar="FILE", help="the TFLite file")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the ONNX file")


def run(args: argparse.Namespace) -> None:
    """Convert as the card says."""
    from kineograph.pose.tflite_to_onnx import convert

    card = read_model_card(args.card, RESOURCES / "models")
    model = convert(args.source, card.conversion["outputs"], int(card.conversion.get("offset", 0)))
    write_bytes(args.out, model.SerializeToString())
