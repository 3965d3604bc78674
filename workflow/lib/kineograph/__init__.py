"""Kineograph: from the videos of a few ordinary cameras to 3D motion and OpenSim joint angles."""

__version__ = "0.1.0"
