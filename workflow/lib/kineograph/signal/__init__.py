"""Time series: runs between gaps, sampling at other times, and filters."""
