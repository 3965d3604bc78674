"""What a result depends on, as short strings: the code of its stage and the content of its files.

Standard library only, because the Snakefile and every cluster job import it.
"""
