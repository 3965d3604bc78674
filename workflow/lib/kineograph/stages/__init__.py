"""The stages: arrays and one settings dataclass in, data classes and a StageReport out. No paths, no plots."""
