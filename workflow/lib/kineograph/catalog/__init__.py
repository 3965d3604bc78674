"""What resources/ describes: the things that others made, and the networks.

Standard library only, because the Snakefile imports it.
"""
