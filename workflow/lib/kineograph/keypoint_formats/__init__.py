"""Keypoint files of other tools, a format each: they stand in for the keypoint networks.

A format's file has ``read(path) -> RecordedKeypoints`` and literals by which its files are found (they are read as text, so
that planning imports nothing):

- ``FILES``, a regular expression of file names, or ``FOLDERS``, one of folder names, or both; the group ``camera`` is the
  camera's name. Files that differ in their ending only are taken as one recording twice: the ending that comes first in
  ``ENDINGS`` counts;
- ``MEMBERS``, where there is ``FOLDERS``: a regular expression of file names, one of which such a folder has;
- ``MARKS`` (texts, one of which the beginning of such files holds) and ``UNLIKE`` (a text that it never holds), where names
  alone don't tell formats apart. A file that has the name of a format and the marks of none goes to the first format of
  that name, whose reader says what is wrong with it;
- ``SKELETONS``, where the order of keypoints follows from their number: number -> name of a skeleton card;
- ``count_frames(path)``, where that is much less work than reading.

Nothing in such files is ever run. Adding a file adds the format.
"""
