"""collect: a source -> Frames.

A source is opened once per process, knows how many frames it has without reading them, and reads any one by its index.
What cannot be read is one Drop: a frame, or one of its given instances; the others are unharmed. A source that makes no
sense as a whole is a UserError.
"""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any, Protocol, runtime_checkable

from spatialvlm.errors import UserError
from spatialvlm.pipeline import Needs
from spatialvlm.records import Sample

SMALLEST_PX, LARGEST_PX = 16, 2048
MAX_SPP = 4096


@dataclass(frozen=True, slots=True)
class CollectConfig:
    """How a source is opened.

    `layout` says what it is where its own signs do not: `rgbd`, `photos`, or one of `layouts.LAYOUTS`. Of a video a
    frame is taken every `every_s` seconds: the first of that time, or with `sharpest` the sharpest one. For frames that
    are drawn, `size` is width and height in pixels, `spp` the samples of the light a pixel, for rooms; more are cleaner
    and slower. Raises UserError for values out of range.
    """

    size: tuple[int, int] = (640, 480)
    spp: int = 16
    layout: str | None = None
    every_s: float = 1.0
    sharpest: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.every_s < 1e6:
            raise UserError(f"every {self.every_s:g} s: expected a number of seconds above 0, such as 0.5")
        if len(self.size) != 2 or not all(SMALLEST_PX <= length <= LARGEST_PX for length in self.size):
            shown = "x".join(str(length) for length in self.size)
            raise UserError(f"size {shown}: expected WIDTHxHEIGHT, each from {SMALLEST_PX} to {LARGEST_PX} pixels")
        if not 1 <= self.spp <= MAX_SPP:
            raise UserError(f"spp {self.spp}: expected 1 to {MAX_SPP} samples a pixel")


@runtime_checkable
class FrameSource(Protocol):
    """Frames by index, and what the source promises of them.

    `name` is what people call it. `layout` is what it was taken for, in words; `remarks` are sentences on what is
    doubtful about it. `fingerprint` changes when the list of frames changes, and with what draws them.
    `measured_depth`: frames come with depth, so that no model need make any. `annotated`: frames come with instances.
    `ordered`: frames follow each other in time. `thread_safe`: `read` may be called from several threads at once.

    A class that inherits from here takes over what holds of drawn frames: no files, no entries, no remarks.
    """

    name: str
    fingerprint: str
    measured_depth: bool
    annotated: bool
    ordered: bool
    thread_safe: bool
    layout: str = "frames"
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int: ...

    def files_of(self, index: int) -> tuple[Path, ...]:
        """List the files that decide frame `index`, also those that are not there; none where it is drawn."""
        return ()

    def entry_of(self, index: int) -> bytes:
        """Say what decides frame `index` beside its files: its line in a list, its name; nothing where it is drawn.

        It names no place on this machine: the same source elsewhere says the same.
        """
        return b""

    def read(self, index: int) -> Sample:
        """Read the Sample at `index`, with its frame or with the reason why it cannot be had.

        Never raises for bad content of a single frame. Drops of the frame are under its id, those of given instances
        under "<frame id>/<instance id>".
        """
        ...


class Collect:
    """The stage that reads: Samples that are nothing but an index to Samples with their frames."""

    name = "collect"
    needs: Needs = "reader"

    def __init__(self, source: str, config: CollectConfig | None = None, seed: int = 0) -> None:
        self._settings = source, config, seed
        self._opened: FrameSource | None = None
        self._lock = RLock()

    @property
    def source(self) -> FrameSource:
        """The source, opened when it is first needed. Raises UserError as `open_source` does."""
        with self._lock:
            if self._opened is None:
                self._opened = self.open()
            return self._opened

    def open(self) -> FrameSource:
        """Open the source anew."""
        return open_source(*self._settings)

    def __call__(self, samples: Sequence[Sample], /) -> list[Sample]:
        """Read the frame of every Sample."""
        source = self.source
        with nullcontext() if source.thread_safe else self._lock:
            return [source.read(sample.index) for sample in samples]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what was opened: another process opens its own."""
        return {**self.__dict__, "_opened": None, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over all but the lock."""
        self.__dict__.update(state, _lock=RLock())


def collect(source: str, config: CollectConfig | None = None, seed: int = 0) -> list[Sample]:
    """Read a whole source: one Sample an index, in order, with its frame or with its drop.

    Frames hold images: for a large source use `build`. Raises UserError as `open_source` does.
    """
    opened = open_source(str(source), config, seed)
    return [opened.read(index) for index in range(len(opened))]


def open_rooms(count: int, *, seed: int = 0, size: tuple[int, int] = (640, 480), spp: int = 16) -> Any:
    """Open `rooms:COUNT` as the source that it is: a RoomsSource, which also tells what is true of its rooms."""
    from spatialvlm.pipeline.collect.rooms import RoomsSource

    return RoomsSource(count, seed=seed, size=size, spp=spp)


def open_views(count: int, *, seed: int = 0, size: tuple[int, int] = (640, 480)) -> Any:
    """Open `views:COUNT` as the source that it is: a ViewsSource, which also tells what is true of its views."""
    from spatialvlm.pipeline.collect.views import ViewsSource

    return ViewsSource(count, seed=seed, size=size)


def open_tabletops(count: int, *, seed: int = 0, size: tuple[int, int] = (640, 480)) -> Any:
    """Open `tabletops:COUNT` as the source that it is: a ViewsSource, which also tells what is true of its views."""
    from spatialvlm.pipeline.collect.views import ViewsSource

    return ViewsSource(count, seed=seed, size=size, kind="tabletops")


def open_lerobot(folder: str | Path) -> Any:
    """Open a LeRobot dataset (v3) by its episodes: a LeRobotSet, with their tasks, rows and frames."""
    from spatialvlm.pipeline.collect.layouts.lerobot_set import LeRobotSet

    return LeRobotSet(folder)


def read_picture(path: Path) -> Sample:
    """Read one picture file: a Sample with its frame, or with the reason why it cannot be had."""
    from spatialvlm.pipeline.collect import images

    return images.read_picture(path)


def decode_photo(data: bytes, name: str, largest_pixels: int) -> Any:
    """Decode the bytes of a picture file: its pixels (h, w, 3) in RGB, upright. `name` is what messages call it.

    The header is judged before any pixel takes memory. Raises UserError for what is no picture, or has more pixels.
    """
    from spatialvlm.pipeline.collect import images

    return images.decode_photo(data, name, largest_pixels)


def reads_files(source: FrameSource) -> bool:
    """Tell whether the frames come from files, which people may mend, and are not drawn."""
    return len(source) > 0 and bool(source.entry_of(0) or source.files_of(0))


def digest_of(source: FrameSource, indices: Iterable[int]) -> str:
    """Hash what decides some frames, by contents: the same on every machine."""
    from spatialvlm.pipeline.collect import inputs

    return inputs.digest_of(source, indices)


def stamp_of(source: FrameSource, indices: Iterable[int]) -> str:
    """Hash what decides some frames, by sizes and times of files: quick, and of this machine alone."""
    from spatialvlm.pipeline.collect import inputs

    return inputs.stamp_of(source, indices)


def parse_size(text: str) -> tuple[int, int]:
    """Parse width and height from what people type: "640x480"."""
    width, by, height = text.lower().partition("x")
    if not (by and all(part.isascii() and part.isdigit() and len(part) < 10 for part in (width, height))):
        raise UserError(f"size {text!r}: expected WIDTHxHEIGHT in pixels, as in 640x480")
    return int(width), int(height)


def source_type(source: str, layout: str | None = None) -> type[Any]:
    """Find the class that reads what the command line calls SOURCE, by `open`; its attributes say what it promises.

    It is `rooms:N`, `views:N`, `tabletops:N` or `shapes:N`, an RGB-D folder (frames.jsonl), a layout that shows its
    signs, or a folder of images; `layout` decides where it is given. Raises UserError where it is none of these, or
    could be several.
    """
    match source.partition(":"):
        case ("shapes", ":", _):
            from spatialvlm.pipeline.collect.shapes import ShapesSource

            return ShapesSource
        case ("rooms", ":", _):
            from spatialvlm.pipeline.collect.rooms import RoomsSource

            return RoomsSource
        case ("views" | "tabletops", ":", _):
            from spatialvlm.pipeline.collect.views import ViewsSource

            return ViewsSource
    from spatialvlm.pipeline.collect.frame_lines import has_frame_lines
    from spatialvlm.pipeline.collect.images import ImageFolder
    from spatialvlm.pipeline.collect.layouts import LAYOUTS, layout_class, recognised
    from spatialvlm.pipeline.collect.rgbd import RgbdFolder

    own = {"rgbd": RgbdFolder, "photos": ImageFolder}
    if layout is not None and layout not in own and layout not in LAYOUTS:
        raise UserError(f"--as {layout!r}: no such layout; choose one of {', '.join((*own, *LAYOUTS))}")
    path = Path(source)
    if not path.exists():
        raise UserError(
            f"source {source!r}: no such folder or file; give a folder with frames.jsonl, a folder of images, a known "
            "layout, rooms:N, views:N, tabletops:N or shapes:N"
        )
    if layout is not None:
        return own[layout] if layout in own else layout_class(layout)
    if has_frame_lines(path):
        return RgbdFolder
    found = recognised(path)
    if found is None and not path.is_dir():
        raise UserError(
            f"source {source!r}: a file of no known kind; give a folder of images, or one of the layouts "
            f"{', '.join(LAYOUTS)}"
        )
    return found or ImageFolder


@dataclass(frozen=True, slots=True)
class Promises:
    """What the frames of a source come with, as `FrameSource` has it."""

    measured_depth: bool
    annotated: bool


def promises_of(source: str, config: CollectConfig) -> Promises:
    """Say what the frames of SOURCE come with; a layout is opened where only its files tell."""
    found: Any = source_type(source, config.layout)
    if found.measured_depth is None:
        found = found.open(source, config, 0)
    return Promises(found.measured_depth, found.annotated)


def open_source(source: str, config: CollectConfig | None = None, seed: int = 0) -> FrameSource:
    """Open what the command line calls SOURCE. The run's `seed` decides which rooms `rooms:N` are.

    Raises UserError where the source is missing, empty or of no known kind.
    """
    config = config or CollectConfig()
    return source_type(source, config.layout).open(source, config, seed)
