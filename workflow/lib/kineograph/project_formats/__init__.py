"""Projects of other tools, a format each, that run as they are: ``dataset:`` points at their folder.

A format's file has ``TITLE``, ``recognised(root)``, which says whether a folder is such a project, and ``read(root)``, which
gives a :class:`~kineograph.project_formats._project.Project`: the same sheets and configuration that a person would write for
it, and a note on every value that it holds. Adding a file adds the format.
"""
