"""video_clip: one video file, opened by PyAV: its length, and the frame of a time. Any codec of FFmpeg, also AV1."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect.decode import Refused
from spatialvlm.pipeline.collect.picture_files import LARGEST_PIXELS, as_jpeg

EARLY_S = 1e-4  # times are rounded
JUDGED_PX = 320  # pictures are compared for sharpness at this width


class VideoClip:
    """A video file. Opens it when it is first needed; one thread at a time may use it.

    Raises UserError without PyAV; what is no video, or is cut short, is Refused when it is opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._container: Any = None
        self._stream: Any = None
        self._av = _load_av()

    def _open(self) -> Any:
        if self._container is None:
            try:
                container = self._av.open(str(self.path))
            except (OSError, ValueError) as error:
                raise Refused(
                    "video_unreadable",
                    f"{self.path.name}: cannot be opened as a video ({error}); copy or record it again, a file that "
                    "was cut short has lost its index",
                ) from None
            if not container.streams.video:
                container.close()
                raise Refused("video_empty", f"{self.path.name}: has no video in it; give one with pictures")
            self._container, self._stream = container, container.streams.video[0]
            self._stream.thread_type = "AUTO"
            if self._stream.width * self._stream.height > LARGEST_PIXELS:
                raise Refused("image_too_large", f"{self.path.name}: {self._stream.width}x{self._stream.height} pixels")
        return self._container

    def seconds(self) -> float:
        """Say how long the video is, at most; Refused where it cannot be opened."""
        container = self._open()
        if self._stream.duration is not None:
            return float(self._stream.duration * self._stream.time_base)
        if container.duration is not None:
            return container.duration / self._av.time_base
        return max((time for time, _ in self._decoded(0.0)), default=0.0)  # streams of a camera know no length

    def frame(self, time_s: float, until_s: float | None = None) -> tuple[UInt8[np.ndarray, "h w 3"], bytes]:
        """Decode the first frame from a time on, upright: its pixels, and the JPEG that holds them.

        With `until_s` it is the sharpest one before that. Refused where there is none.
        """
        self._open()
        best: tuple[float, Any] | None = None
        for time, frame in self._decoded(time_s):
            if best is not None and (until_s is None or time >= until_s - EARLY_S):
                break
            sharpness = 0.0 if until_s is None else _sharpness(frame)
            if best is None or sharpness > best[0]:
                best = sharpness, frame
            if until_s is None:
                break
        if best is None:
            raise Refused("video_short", f"{self.path.name}: has no frame at {time_s:.3f} s; it ends before its length")
        image = np.rot90(best[1].to_ndarray(format="rgb24"), round(best[1].rotation / 90))
        return as_jpeg(np.ascontiguousarray(image))

    def _decoded(self, time_s: float) -> Iterator[tuple[float, Any]]:
        """Yield the times and frames from a time on."""
        try:
            self._container.seek(int(time_s / self._stream.time_base), stream=self._stream, backward=True)
            for frame in self._container.decode(self._stream):
                if frame.time is not None and frame.time >= time_s - EARLY_S:
                    yield frame.time, frame
        except (OSError, ValueError) as error:
            raise Refused("video_unreadable", f"{self.path.name}: is damaged at {time_s:.3f} s ({error})") from None


def _sharpness(frame: Any) -> float:
    """Measure the variance of the Laplacian of a small grey copy."""
    height = max(1, round(JUDGED_PX * frame.height / frame.width))
    grey = frame.reformat(JUDGED_PX, height, "gray").to_ndarray()
    return float(cv2.Laplacian(grey, cv2.CV_32F).var())


def _load_av() -> Any:
    try:
        import av
        from av import logging
    except ImportError:
        raise UserError("a video: needs PyAV; install the extra: pip install 'spatialvlm[video]'") from None
    logging.set_level(logging.PANIC)  # FFmpeg's remarks on stderr
    return av
