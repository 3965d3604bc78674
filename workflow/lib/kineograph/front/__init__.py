"""The front: what a run would do and why, the process that runs it, and what killed runs leave behind.

Snakemake is called as a command; nothing of it is imported.
"""
