"""Plots as SVG files, by matplotlib without a display."""
