"""The configuration: checked against its schema, completed with defaults and overrides, and handed out a section at a time.

Standard library only at import, because the Snakefile and every cluster job import it; YAML and JSON Schema are
imported where a configuration is read.
"""
