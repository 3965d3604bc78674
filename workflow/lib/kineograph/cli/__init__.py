"""The command line: ``python -m kineograph.cli <verb>``. A verb is a file; the only place that joins files, settings and stages."""
