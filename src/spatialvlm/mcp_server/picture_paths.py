"""What a client calls a picture -> a frame, or a stored scene with its image; only inside the folders that are allowed.

    photo.jpg               a photo
    frames/                 an RGB-D folder of one frame
    DATASET#FRAME           a scene of a dataset that `spatialvlm build` wrote

Links and `..` are followed before it is judged where a path leads. No FIFO and no device is ever opened.
"""

import stat
from collections.abc import Sequence
from pathlib import Path

from spatialvlm.dataset import Dataset, read_dataset
from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import decode_photo, open_source, read_picture
from spatialvlm.records import Frame, Sample, Scene

LONGEST = 4096
LARGEST_PIXELS = 50_000_000
MANIFESTS = ("dataset.json", "manifest.jsonl")


def checked_roots(roots: Sequence[Path]) -> tuple[Path, ...]:
    """Resolve the folders that pictures are opened in. Raises UserError for what is no folder."""
    for root in roots:
        if not root.is_dir():
            raise UserError(f"root {str(root)!r}: no such folder; give one that holds pictures")
    return tuple(root.resolve() for root in roots)


def read_named(text: str, roots: Sequence[Path]) -> Frame | tuple[Scene, Frame | None]:
    """Read what a client named: a frame, or a stored scene with its image as a frame.

    Raises UserError for what lies outside of the roots, is missing, or is no picture.
    """
    if not text.strip() or len(text) > LONGEST or not text.isprintable():
        raise UserError("path: is empty, too long or holds signs that no path has; give the path of a picture")
    path, frame_id = _found(text, roots)
    if frame_id is not None:
        return _stored(path, frame_id)
    if path.is_dir():
        if any((path / name).exists() for name in MANIFESTS):
            return _stored(path, None)
        return _only_frame(path, text)
    return _frame_of(read_picture(path), text)


def _found(text: str, roots: Sequence[Path]) -> tuple[Path, str | None]:
    """Find a path, and the id of a frame behind a # where one follows a folder."""
    whole = _resolved(text, roots)
    if whole.exists():
        return _checked(whole, text), None
    for place in (place for place, sign in enumerate(text) if sign == "#"):
        folder = _resolved(text[:place], roots)
        if folder.is_dir():
            return folder, text[place + 1 :]
    listed = ", ".join(map(str, roots))
    raise UserError(f"path {text!r}: no such file or folder; give one inside {listed}")


def _resolved(text: str, roots: Sequence[Path]) -> Path:
    """Follow a path to where it leads: below one of the roots. Raises UserError where that is none of them."""
    found = []
    for root in roots:
        try:
            path = (root / text).resolve()
        except (OSError, ValueError, RuntimeError):  # a circle of links, a name that no file can have
            continue
        if any(path.is_relative_to(one) for one in roots):
            found.append(path)
    if not found:
        raise UserError(
            f"path {text!r}: lies outside of the folders that may be read ({', '.join(map(str, roots))}); name a "
            "picture inside, or start the server with another --root"
        )
    return next((path for path in found if path.exists()), found[0])


def _checked(path: Path, text: str) -> Path:
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise UserError(f"path {text!r}: is neither a file nor a folder; name a picture")
    return path


def _stored(folder: Path, frame_id: str | None) -> tuple[Scene, Frame | None]:
    dataset = read_dataset(folder)
    _check_inside(dataset)
    if frame_id is None and len(dataset) != 1:
        some = ", ".join(dataset.frame_ids()[:3])
        raise UserError(f"{folder}: a dataset of {len(dataset)} scenes ({some} ...); name one as {folder.name}#FRAME")
    scene, source, _ = dataset.at(0) if frame_id is None else dataset.frame(frame_id)
    if not source.image_bytes:
        return scene, None
    return scene, Frame.of(decode_photo(source.image_bytes, scene.frame_id, LARGEST_PIXELS), id=scene.frame_id)


def _check_inside(dataset: Dataset) -> None:
    """Raise UserError where files of a dataset are links that lead out of its folder."""
    folder = dataset.folder.resolve()
    paths = [folder / entry["path"] for shard in dataset.shards for entry in shard["files"].values()]
    outside = [path for path in paths if not path.resolve().is_relative_to(folder)]
    if outside:
        raise UserError(f"{outside[0]}: leads out of the dataset; copy the file into it")


def _only_frame(folder: Path, text: str) -> Frame:
    source = open_source(str(folder))
    if len(source) != 1:
        raise UserError(
            f"path {text!r}: holds {len(source)} frames, expected one; name one picture file, or build a dataset of "
            "it (`spatialvlm build`) and name DATASET#FRAME"
        )
    return _frame_of(source.read(0), text)


def _frame_of(sample: Sample, text: str) -> Frame:
    if sample.frame is None:
        reason = sample.drops[0].reason if sample.drops else "cannot be read"
        raise UserError(f"path {text!r}: {reason}; name a picture that can be read")
    return sample.frame
