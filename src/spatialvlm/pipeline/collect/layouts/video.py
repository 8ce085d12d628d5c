"""video: a video file, or a folder of them -> Frames, one every so many seconds."""

import math
from collections.abc import Iterator
from pathlib import Path

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect.decode import Refused
from spatialvlm.pipeline.collect.images import has_pictures
from spatialvlm.pipeline.collect.layouts.clip_frames import ClipFrames, ClipTime

ENDINGS = (".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".3gp")


class VideoFrames(ClipFrames):
    """The frames of one video, or of all videos directly in a folder that holds nothing else to look at."""

    option, title = "video", "a video"

    @classmethod
    def signs(cls, path: Path) -> str | None:
        """Look at its ending; in a folder for videos, where there is no picture."""
        if not path.is_dir():
            return path.suffix if path.suffix.lower() in ENDINGS else None
        found = [] if has_pictures(path) else _videos_in(path)
        return found[0] if found else None

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "VideoFrames":
        """Open a video, or a folder of videos. Raises UserError where none of them can be read, or without PyAV."""
        path = Path(source)
        if path.is_file():
            folder, files = path.parent, [path.name]
        else:
            folder, files = path, _videos_in(path)
        if not files:
            raise UserError(f"source {source!r}: no video in it; expected files that end in {' '.join(ENDINGS)}")
        source_frames = cls(path.name, folder, config)
        times: list[ClipTime] = []
        for file in files:
            try:
                times += _times(file, source_frames.clip(file).seconds(), config.every_s, len(files) > 1)
            except Refused as refused:
                if len(files) == 1:
                    raise UserError(f"source {source!r}: {refused}") from None
                source_frames.remarks = (*source_frames.remarks, str(refused))
        source_frames.take(times)
        return source_frames


def _videos_in(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir() if one.suffix.lower() in ENDINGS)


def _times(file: str, seconds: float, every_s: float, named: bool) -> Iterator[ClipTime]:
    stem = file.rpartition(".")[0]
    for index in range(max(1, math.ceil(seconds / every_s - 1e-6))):
        time_s = index * every_s
        yield ClipTime(f"{stem}/{time_s:08.2f}s" if named else f"{time_s:08.2f}s", file, time_s, stem, index)
