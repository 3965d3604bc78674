"""What the Snakefile asks: the settings, code and content that each job depends on, and the paths of its files.

Everything that a job depends on beyond its input files is one string a kind, so that Snakemake's comparison of params sees
every change and nothing else. Standard library only at import.
"""
