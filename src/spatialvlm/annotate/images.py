"""images: a dataset, or any source of frames -> Sheets, one image each with the question that is proposed about it.

A picture leaves as the file that models are to see: as it came where every reader sees the same in it, else as PNG,
upright. An image that cannot be had is a Failure; the others are unharmed.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
from jaxtyping import UInt8

from spatialvlm.annotate.proposals import Proposal, Proposer
from spatialvlm.dataset import MANIFEST, Dataset, read_dataset, upright
from spatialvlm.errors import SpatialError
from spatialvlm.pipeline.collect import FrameSource, open_source
from spatialvlm.records import Camera, Instance, Scene, Source

SHOWN = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
"""What every browser and every model reads, by ending; all else becomes PNG."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """One image to be asked about. `file` is where its bytes lie already; None where they are to be stored.

    `proposal` is the question, or why none is proposed. `marked` are the objects it names, `names` their names.
    """

    frame: str
    picture: bytes
    suffix: str
    file: Path | None
    proposal: Proposal | str
    marked: tuple[Instance, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an image cannot be shown."""

    frame: str
    reason: str


@runtime_checkable
class Images(Protocol):
    """Images by place. `fingerprint` is the same as long as every place holds the same frame."""

    fingerprint: str

    def __len__(self) -> int: ...

    def ids(self) -> list[str] | None:
        """The ids of all frames in order, or None where they are known only once they are read."""
        ...

    def read(self, place: int) -> Sheet | Failure:
        """The image at a place, from 0."""
        ...


def open_images(source: str, seed: int) -> Images:
    """The images of a dataset or of any source of frames. Raises UserError where the source is missing or damaged."""
    if (Path(source) / MANIFEST).is_file():
        return _Stored(read_dataset(Path(source)), Proposer(seed))
    return _Collected(source, open_source(source, seed=seed), Proposer(seed))


class _Stored:
    """The scenes of a dataset, with the questions that are stored there."""

    def __init__(self, dataset: Dataset, proposer: Proposer) -> None:
        self._dataset, self._proposer = dataset, proposer
        self._ids = dataset.frame_ids()
        self.fingerprint = _short("\n".join(self._ids))

    def __len__(self) -> int:
        return len(self._ids)

    def ids(self) -> list[str]:
        return list(self._ids)

    def read(self, place: int) -> Sheet | Failure:
        try:
            scene, origin, questions = self._dataset.at(place)
            proposal = self._proposer.choose(scene, questions)
            return _sheet(scene.frame_id, origin, scene.camera, scene, proposal)
        except SpatialError as error:
            return Failure(self._ids[place], str(error))


class _Collected:
    """The frames of a source; the pipeline runs where they have depth and annotations."""

    def __init__(self, name: str, source: FrameSource, proposer: Proposer) -> None:
        self._folder, self._source, self._proposer = Path(name), source, proposer
        self.fingerprint = _short(source.fingerprint)

    def __len__(self) -> int:
        return len(self._source)

    def ids(self) -> None:
        return None

    def read(self, place: int) -> Sheet | Failure:
        collected = self._source.read(place)
        frame = collected.frame
        if frame is None:
            return Failure(collected.drops[0].id, collected.drops[0].reason)
        height, width, _ = frame.image.shape
        camera = frame.camera or Camera(np.eye(3), width, height, "assumed")
        try:
            scene, proposal = self._proposer.ask(frame)
            found = _sheet(frame.id, frame.source, camera, scene, proposal, frame.image)
        except SpatialError as error:
            return Failure(frame.id, str(error))
        path = self._folder / (frame.source.image_path or "")
        as_it_came = isinstance(found, Sheet) and found.picture is frame.source.image_bytes
        return replace(found, file=path) if as_it_came and path.is_file() else found


def _sheet(
    frame: str,
    origin: Source,
    camera: Camera,
    scene: Scene | None,
    proposal: Proposal | str,
    pixels: UInt8[np.ndarray, "h w 3"] | None = None,
) -> Sheet | Failure:
    """The sheet of a frame; `pixels` are its picture where it is decoded already."""
    picture, suffix = upright(origin.image_bytes, camera, origin.image_path)
    if suffix not in SHOWN:
        bgr = pixels[..., ::-1] if pixels is not None else _decoded(picture)
        if bgr is None:
            return Failure(frame, "its picture is not stored, or cannot be shown; build the dataset again")
        picture, suffix = cv2.imencode(".png", bgr)[1].tobytes(), "png"
    subjects = proposal.subjects if isinstance(proposal, Proposal) else ()
    objects = {one.instance.id: one.instance for one in scene.objects} if scene else {}
    marked = tuple(objects[id_] for id_ in subjects)
    names = tuple(one.captions[0] if one.captions else one.id for one in marked)
    return Sheet(frame, picture, suffix, None, proposal, marked, names)


def _decoded(data: bytes) -> np.ndarray | None:
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    return cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
