"""Geometry of cameras and points: pure functions of arrays."""
