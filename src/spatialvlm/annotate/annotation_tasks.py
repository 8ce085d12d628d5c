"""Annotation tasks from a dataset or any source of frames: one image each, with the question that is proposed about it.

A picture leaves as the file that models are to see: as it came where every reader sees the same in it, else as PNG,
upright. An image that cannot be had is an UnavailableImage; the others are unharmed. A source of frames may be used by
one thread only, and reading a frame may take seconds, in which nobody should wait for an answer to be stored: so tasks
are read in a thread of their own, and a few of them kept.
"""

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

import cv2
import numpy as np
from jaxtyping import UInt8

from spatialvlm.annotate.proposals import QuestionProposal, QuestionProposer
from spatialvlm.dataset import MANIFEST, Dataset, read_dataset, upright
from spatialvlm.errors import SpatialError
from spatialvlm.pipeline.collect import FrameSource, open_source
from spatialvlm.records import Camera, Instance, Scene, Source

KEPT = 8  # the image looked at, those beside it, and those of other annotators
Result = TypeVar("Result")
SHOWN = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
"""What every browser and every model reads, by ending; all else becomes PNG."""


@dataclass(frozen=True, slots=True, eq=False)
class AnnotationTask:
    """One image to be asked about. `file` is where its bytes lie already; None where they are to be stored.

    `proposal` is the question, or why none is proposed. `marked` are the objects it names, `names` their names.
    """

    frame: str
    picture: bytes
    suffix: str
    file: Path | None
    proposal: QuestionProposal | str
    marked: tuple[Instance, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnavailableImage:
    """Why an image cannot be shown."""

    frame: str
    reason: str


@runtime_checkable
class AnnotationSource(Protocol):
    """Tasks by place. `fingerprint` is the same as long as every place holds the same frame."""

    fingerprint: str

    def __len__(self) -> int: ...

    def ids(self) -> list[str] | None:
        """List the ids of all frames in order; None where they are known only once they are read."""
        ...

    def read(self, place: int) -> AnnotationTask | UnavailableImage:
        """Read the task at a place, from 0."""
        ...


def open_annotation_source(source: str, seed: int) -> AnnotationSource:
    """Open a dataset or any source of frames. Raises UserError where the source is missing or damaged."""
    if (Path(source) / MANIFEST).is_file():
        return _DatasetSource(read_dataset(Path(source)), QuestionProposer(seed))
    return _FrameSource(source, open_source(source, seed=seed), QuestionProposer(seed))


class _DatasetSource:
    """The scenes of a dataset, with the questions that are stored there."""

    def __init__(self, dataset: Dataset, proposer: QuestionProposer) -> None:
        self._dataset, self._proposer = dataset, proposer
        dataset.parts("qa")  # raises where its questions cannot be read: not for every image anew
        self._ids = dataset.frame_ids()
        self.fingerprint = _short("\n".join(self._ids))

    def __len__(self) -> int:
        return len(self._ids)

    def ids(self) -> list[str]:
        return list(self._ids)

    def read(self, place: int) -> AnnotationTask | UnavailableImage:
        try:
            scene, origin, questions = self._dataset.at(place)
            proposal = self._proposer.choose(scene, questions)
            return _make_task(scene.frame_id, origin, scene.camera, scene, proposal)
        except SpatialError as error:
            return UnavailableImage(self._ids[place], str(error))


class _FrameSource:
    """The frames of a source; the pipeline runs where they have depth and annotations."""

    def __init__(self, name: str, source: FrameSource, proposer: QuestionProposer) -> None:
        self._folder, self._source, self._proposer = Path(name), source, proposer
        self.fingerprint = _short(source.fingerprint)

    def __len__(self) -> int:
        return len(self._source)

    def ids(self) -> None:
        return None

    def read(self, place: int) -> AnnotationTask | UnavailableImage:
        sample = self._source.read(place)
        frame = sample.frame
        if frame is None:
            return UnavailableImage(sample.drops[0].id, sample.drops[0].reason)
        height, width, _ = frame.image.shape
        camera = frame.camera or Camera(np.eye(3), width, height, "assumed")
        try:
            scene, proposal = self._proposer.propose(frame)
            found = _make_task(frame.id, frame.source, camera, scene, proposal, frame.image)
        except SpatialError as error:
            return UnavailableImage(frame.id, str(error))
        path = self._folder / (frame.source.image_path or "")
        as_it_came = isinstance(found, AnnotationTask) and found.picture is frame.source.image_bytes
        is_file = as_it_came and path.is_file() and path.read_bytes() == frame.source.image_bytes
        return replace(found, file=path) if is_file else found


def _make_task(
    frame: str,
    origin: Source,
    camera: Camera,
    scene: Scene | None,
    proposal: QuestionProposal | str,
    pixels: UInt8[np.ndarray, "h w 3"] | None = None,
) -> AnnotationTask | UnavailableImage:
    """Make the task of a frame; `pixels` are its picture where it is decoded already."""
    picture, suffix = upright(origin.image_bytes, camera, origin.image_path)
    if suffix not in SHOWN:
        bgr = pixels[..., ::-1] if pixels is not None else _decode(picture)
        if bgr is None:
            return UnavailableImage(frame, "its picture is not stored, or cannot be shown; build the dataset again")
        picture, suffix = cv2.imencode(".png", bgr)[1].tobytes(), "png"
    subjects = proposal.subjects if isinstance(proposal, QuestionProposal) else ()
    objects = {one.instance.id: one.instance for one in scene.objects} if scene else {}
    marked = tuple(objects[id_] for id_ in subjects)
    names = tuple(one.captions[0] if one.captions else one.id for one in marked)
    return AnnotationTask(frame, picture, suffix, None, proposal, marked, names)


def _decode(data: bytes) -> np.ndarray | None:
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    return cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


class TaskLoader:
    """Reads tasks by place, ahead of an event loop. Close it, or use it in a `with`."""

    def __init__(self, make: Callable[[], AnnotationSource]) -> None:
        """Let `make` open the source, in the thread that reads it; what it raises is raised here."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="annotate")
        self._tasks: dict[int, Future[AnnotationTask | UnavailableImage]] = {}
        with ExitStack() as stack:
            stack.callback(self.close)
            self.source = self.do(make)
            stack.pop_all()

    def do(self, work: Callable[[], Result]) -> Result:
        """Run something in the thread and wait."""
        return self._thread.submit(work).result()

    async def __call__(self, place: int) -> AnnotationTask | UnavailableImage:
        """Read the task at a place that there is."""
        return await asyncio.shield(asyncio.wrap_future(self.fetch(place)))

    def fetch(self, place: int) -> Future[AnnotationTask | UnavailableImage]:
        """Begin to read a task that may be wanted soon."""
        found = self._tasks.pop(place, None) or self._thread.submit(self.source.read, place)
        self._tasks[place] = found  # the last in order is the one wanted last
        while len(self._tasks) > KEPT:
            del self._tasks[next(iter(self._tasks))]
        return found

    def close(self) -> None:
        """Wait for what is being read, forget the rest."""
        self._thread.shutdown(cancel_futures=True)

    def __enter__(self) -> "TaskLoader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
