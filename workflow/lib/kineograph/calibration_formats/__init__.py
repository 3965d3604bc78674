"""Calibration formats, a file each.

A format's file has ``read(path, **parameters) -> Rig``, the literals ``SUFFIXES`` (ends of file names) and ``MARK`` (a text that
the beginning of such files holds), and, where they apply:

- ``PARAMETERS``, a literal: the JSON schemas of the parameters that it takes;
- ``UNLIKE``, a literal: a text that the beginning of such files never holds, where ``MARK`` alone is not enough;
- ``FILE_PER_CAMERA = True``: such files hold one camera each; those of a folder and its direct subfolders are one calibration;
- ``PARTNER``, a literal: the part of the file's name, and what stands there in the name of the second file that belongs to it;
- ``write(path, rig)``: `path` is a file, or a folder where the format has several files.

The `path` to read is what ``dataset.calibration_files.find_calibration_file`` found; ``calibration_files`` there names the
files behind it. Adding a file adds the format.
"""
