"""clip_frames: what sources of video share: a list of times in files -> Frames."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect.decode import Refused
from spatialvlm.pipeline.collect.layouts.video_clip import VideoClip
from spatialvlm.records import Drop, Frame, Sample, SequencePosition, Source


@dataclass(frozen=True, slots=True)
class ClipTime:
    """A frame to take: from `file` (relative to the source's folder) at `time_s`; its place in a sequence.

    `sequence_time_s` is the time in the sequence where that does not begin with the file.
    """

    id: str
    file: str
    time_s: float
    sequence: str
    index: int
    sequence_time_s: float | None = None


class ClipFrames:
    """Frames by index out of video files below `folder`. Keeps the last file open."""

    option: ClassVar[str]
    title: ClassVar[str]
    measured_depth, annotated, ordered, thread_safe = False, False, True, False

    def __init__(self, name: str, folder: Path, config: CollectConfig) -> None:
        self.name, self.folder, self.layout = name, folder, self.title
        self.remarks: tuple[str, ...] = ()
        self.fingerprint = ""
        self._every_s, self._sharpest = config.every_s, config.sharpest
        self._times: tuple[ClipTime, ...] = ()
        self._clip: VideoClip | None = None

    def take(self, times: Sequence[ClipTime]) -> None:
        """Say which frames there are. Raises UserError where there is none."""
        if not times:
            raise UserError(f"source {str(self.folder)!r}: taken for {self.title}, but no frame of it can be read")
        self._times = tuple(times)
        said = f"{self.option}/{self._every_s}/{self._sharpest}/{self._times}"
        self.fingerprint = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()

    def clip(self, file: str) -> VideoClip:
        """Open a file, or give the one that is open."""
        if self._clip is None or self._clip.path != self.folder / file:
            self._clip = VideoClip(self.folder / file)
        return self._clip

    def __len__(self) -> int:
        return len(self._times)

    def files_of(self, index: int) -> tuple[Path, ...]:
        """Name the video of frame `index`."""
        return (self.folder / self._times[index].file,)

    def entry_of(self, index: int) -> bytes:
        """Give what decides frame `index` beside its video."""
        return repr(self._times[index]).encode("utf-8", "surrogatepass")

    def read(self, index: int) -> Sample:
        """Read the frame at `index`, or why it cannot be had."""
        if not 0 <= index < len(self):
            raise IndexError(f"frame {index} of {self.folder}: there are {len(self)}")
        one = self._times[index]
        try:
            until_s = one.time_s + self._every_s if self._sharpest else None
            image, data = self.clip(one.file).frame(one.time_s, until_s)
        except Refused as refused:
            return Sample(index).dropped(Drop("collect", one.id, str(refused)))
        time_s = one.time_s if one.sequence_time_s is None else one.sequence_time_s
        position = SequencePosition(one.sequence, one.index, time_s)
        source = Source(self.name, None, f"{one.id}.jpg", data)
        return Sample(index, Frame(one.id, image, None, None, None, None, source, sequence=position))
