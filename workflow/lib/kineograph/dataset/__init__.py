"""What is to be computed: the sessions, trials, cameras and participants of a dataset, from sheets or from its folders.

Standard library only, because the Snakefile imports it.
"""
