"""The command line, a verb a file: the only place that joins files, settings and stages."""
