"""Calibration formats, a file each.

A format's file has ``read(path, **parameters) -> Rig``, the literals ``SUFFIXES`` (ends of file names) and ``MARK`` (a text that
the beginning of such files holds), and, where it takes parameters, a literal ``PARAMETERS`` of their JSON schemas. Adding a file
adds the format.
"""
