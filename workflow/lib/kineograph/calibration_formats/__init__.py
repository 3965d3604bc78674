"""Calibration formats, a file each.

A format's file has ``can_read(path) -> bool`` (by name and first bytes, without raising), ``read(path, **parameters) -> Rig``
and, where it takes parameters, a literal ``PARAMETERS`` of their JSON schemas. Adding a file adds the format.
"""
