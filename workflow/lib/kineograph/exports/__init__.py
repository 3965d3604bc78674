"""Formats that results are handed on in, a file each.

A format's file has ``write(paths, subject)``, which writes the files at `paths`, one for each of its ``FILES``, from what the
:class:`~kineograph.exports._subject.Subject` holds; and literals (read as text, so that planning imports nothing):

- ``LEVEL``: ``person`` where there is a file for each participant of a trial, ``trial`` where one holds all of them;
- ``FILES``: what follows the participant's name (``.c3d``), or the names of the trial's files (``movement.nc``);
- ``NEEDS``: the kinds of results that it is made from, as :mod:`kineograph.layout` names them; ``points`` are the final ones.

The same results give the same bytes. What a trial without usable data can't give is raised as an InputError; the verb then
writes an empty file. Adding a file adds the format.
"""
