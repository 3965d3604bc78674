"""Time series: runs between gaps, sampling at other times, filters, and who goes on as whom from frame to frame."""
