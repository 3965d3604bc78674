"""Video files with frames at chosen times, by any codec that PyAV brings."""

from __future__ import annotations

from fractions import Fraction
from itertools import count
from pathlib import Path

import av
import numpy as np

UNIT = Fraction(1, 30000)


def write_video(path: Path, images, time_s=None, *, codec="mpeg4", fps=30, format_options=None, **options: str) -> Path:
    """Write pictures, F times (H, W, 3; BGR), at the times `time_s` (F,), s; evenly at `fps` where none are given."""
    unit = UNIT if time_s is not None else Fraction(1, fps)
    stamps = count() if time_s is None else np.round(np.asarray(time_s) / float(UNIT)).astype(int).tolist()
    with av.open(str(path), "w", options=format_options or {}) as container:
        stream = container.add_stream(codec, rate=fps, options=options)
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.time_base = stream.codec_context.time_base = unit
        for image, stamp in zip(images, stamps, strict=False):
            if not stream.codec_context.is_open:
                stream.height, stream.width = image.shape[:2]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24")
            frame.pts, frame.time_base = stamp, unit
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def moving_texture(frames: int, size_px=(96, 64), seed=3) -> np.ndarray:
    """Pictures (F, H, W, 3) that all differ and move, so that codecs have something to predict."""
    width, height = size_px
    texture = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    pictures = np.stack([np.roll(texture, 2 * frame, axis=1) for frame in range(frames)])
    for frame, picture in enumerate(pictures):
        picture[: height // 4, : 1 + frame * width // frames] = 255
    return pictures
