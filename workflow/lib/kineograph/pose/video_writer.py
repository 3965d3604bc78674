"""Writing a video: H.264 in MP4, which every player and browser shows."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from kineograph.io.atomic import atomic_path
from kineograph.pose.video import Image

QUALITY = "26"
"""x264's constant rate factor: smaller is better and larger; 23 is its default, 18 hardly told from the source."""
MAX_DENOMINATOR = 1001
"""Frame rates such as 30000/1001 are kept exactly."""


def write_video(path: Path, images: Iterable[Image], fps_hz: float, threads: int = 1) -> int:
    """Write pictures (blue, green, red) of one size as a video, atomically; the number of frames.

    Sizes are cut to even numbers, as H.264 wants them. With one thread the same pictures give the same bytes.
    """
    import av

    count = 0
    with atomic_path(path) as temporary, av.open(str(temporary), "w", format="mp4") as container:
        stream = None
        for image in images:
            height, width = (length // 2 * 2 for length in image.shape[:2])
            if stream is None:
                rate = Fraction(fps_hz).limit_denominator(MAX_DENOMINATOR)
                stream = container.add_stream("libx264", rate=rate, options={"crf": QUALITY, "preset": "fast"})
                stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
                stream.codec_context.thread_count = threads
            planes = cv2.cvtColor(np.ascontiguousarray(image[:height, :width]), cv2.COLOR_BGR2YUV_I420)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            for packet in stream.encode(frame):
                container.mux(packet)
            count += 1
        for packet in stream.encode() if stream is not None else ():
            container.mux(packet)
    return count
