"""The data that passes between stages: frozen dataclasses whose shapes are checked when they are made."""
