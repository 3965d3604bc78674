"""A picture, as OpenCV and all that works on pictures here keep it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

# What OpenCV would say of a damaged picture is said by our own errors.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)

Image = NDArray[np.uint8]
"""(height, width, 3), blue, green, red."""


def use_threads(number: int) -> None:
    """Let OpenCV work on so many threads, and no more."""
    cv2.setNumThreads(number)
