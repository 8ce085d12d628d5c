"""Scenes with questions -> Conversations, one per image or one per question, and what every format says of them."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from spatialvlm.dataset.exports.image_files import file_key, upright
from spatialvlm.dataset.files import to_json
from spatialvlm.dataset.marked_pictures import marked_picture, needs_marks
from spatialvlm.dataset.questions import question_from_row, questions_table
from spatialvlm.dataset.read import Dataset
from spatialvlm.dataset.schema import QUESTION
from spatialvlm.errors import DatasetError, UserError
from spatialvlm.records import QA, Scene, Source

PER = ("image", "question")
IMAGES = "images"
IMAGES_PER_FOLDER = 1000
NO_NUMBER = -999.0
"""A number that is not there: none of ours is below -pi, the least angle."""
_MAYBE_NULL = frozenset({"number", "unit", "label", "error", "given", "asked_unit", "fact"})

# A caption may hold one; trainers would count it as a second image.
_PLACEHOLDER = re.compile("<(image|video|audio)>")


@dataclass(frozen=True, slots=True)
class Conversation:
    """An image and the questions about it that are learnt together.

    `key` is unique and safe in a file name. `image_path` is the image's place relative to the export: the same for all
    samples of one image, save that it ends in `.marked` and its type where a question needs the picture with marks.
    `suffix` is its type, without a dot.
    """

    key: str
    frame_id: str
    image_path: str
    suffix: str
    image_bytes: bytes
    licence: str | None
    questions: tuple[QA, ...]


@dataclass(slots=True)
class ExportCounts:
    """What went by: `skipped` counts the frames that made no sample, by reason."""

    samples: int = 0
    questions: int = 0
    images: int = 0
    skipped: Counter[str] = field(default_factory=Counter)


def conversations_of(
    dataset: Dataset, per: str, tally: ExportCounts, report: Callable[[int], object]
) -> Iterator[Conversation]:
    """Yield the samples of a dataset in order. Raises DatasetError where its scenes and questions are of two builds."""
    for (scene, source), (frame_id, questions) in zip(dataset.scenes(), dataset.questions(), strict=True):
        if frame_id != scene.frame_id:
            raise DatasetError(
                f"{dataset.folder}: qa has frame {frame_id!r} where scenes has {scene.frame_id!r}; the files are of "
                "two builds, build again"
            )
        if not source.image_bytes:
            tally.skipped["no image"] += 1
        elif not questions:
            tally.skipped["no question"] += 1
        else:
            yield from _samples(scene, source, tuple(questions), per, tally.images)
            tally.images += 1
        report(1)


def pictured(scene: Scene, source: Source, place: int, *, marked: bool = False) -> Conversation:
    """Make the image of a scene, the `place`-th of an export, a sample without questions yet; `marked`: with marks."""
    key = file_key(scene.frame_id)
    data = marked_picture(scene, source) if marked else source.image_bytes
    data, suffix = upright(data, scene.camera, source.image_path)
    path = f"{IMAGES}/{place // IMAGES_PER_FOLDER:05d}/{key}{'.marked' if marked else ''}.{suffix}"
    return Conversation(key, scene.frame_id, path, suffix, data, source.licence, ())


def _samples(scene: Scene, source: Source, questions: tuple[QA, ...], per: str, place: int) -> Iterator[Conversation]:
    """Yield the samples of an image: with its picture as it is, or with marks where a question needs them."""
    picture = cache(lambda marked: pictured(scene, source, place, marked=marked))
    if per == "image":
        yield replace(picture(any(map(needs_marks, questions))), questions=questions)
    else:
        for number, qa in enumerate(questions):
            shown = picture(needs_marks(qa))
            yield replace(shown, key=f"{shown.key}-q{number:04d}", questions=(qa,))


def plain(text: str) -> str:
    """Remove from a question or an answer what a trainer would take for the place of an image."""
    return _PLACEHOLDER.sub(r"\1", text)


def evidence(sample: Conversation) -> list[dict[str, Any]]:
    """Return what is known of every answer, in the order of the turns: the fields of `qa` but the words themselves.

    Nothing is null: what is not there is "", NO_NUMBER or [""], as its type wants.
    """
    rows = questions_table([(sample.frame_id, sample.questions)]).column("qa")[0].as_py()
    types = {field.name: field.type for field in QUESTION if field.name not in ("question", "answer")}
    return [{name: _typed(row[name], type_) for name, type_ in types.items()} for row in rows]


def _typed(value: Any, type_: pa.DataType) -> Any:
    """Stand in for null and for an empty list, whose type readers of JSON would take from the first rows that they see.

    `datasets` infers the types of a JSON file from its first 10 MB and fails at what has another one later.
    """
    if value is None:
        return NO_NUMBER if pa.types.is_floating(type_) else ""
    return value or [""] if isinstance(value, list) else value


def _known(row: Mapping[str, Any]) -> dict[str, Any]:
    """Undo `_typed`; what is null already stays so."""
    given = {name: None if name in _MAYBE_NULL and value in ("", NO_NUMBER) else value for name, value in row.items()}
    return {name: [] if value == [""] else value for name, value in given.items()}


def questions_of_row(row: Mapping[str, Any]) -> list[QA]:
    """Read the questions of an exported row back, in order: the JSON of any format, or a row of `hf`.

    What a trainer would take for the place of an image is gone from their words. Raises UserError for another row.
    """
    turns, evidence = row.get("messages") or row.get("conversations") or (), row.get("evidence") or ()
    if not turns or len(turns) != 2 * len(evidence):
        raise UserError(
            f"row {row.get('id')!r}: got {len(turns)} turns and {len(evidence)} pieces of evidence, expected a row of "
            "`spatialvlm export`, with two turns for each piece"
        )
    said = [_text_of(turn) for turn in turns]
    pairs = zip(said[::2], said[1::2], evidence)
    return [
        question_from_row(row["frame_id"], {**_known(known), "question": asked, "answer": answered})
        for asked, answered, known in pairs
    ]


def _text_of(turn: Mapping[str, Any]) -> str:
    """Return the words of a turn, without the place of the image."""
    said = turn["value"] if "value" in turn else turn["content"]
    if not isinstance(said, str):
        said = "".join(part.get("text") or "" for part in said)
    return said.removeprefix("<image>\n")


def about(sample: Conversation) -> dict[str, Any]:
    """Return what the JSON formats say besides the conversation."""
    return {
        "id": sample.key,
        "frame_id": sample.frame_id,
        "licence": sample.licence or "",
        "evidence": evidence(sample),
    }


def chat(sample: Conversation) -> list[dict[str, Any]]:
    """Write the conversation as `role` and `content` parts."""
    return chat_turns([(qa.question, qa.answer) for qa in sample.questions])


def chat_turns(exchanges: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Write questions and answers as `role` and `content` parts; the image stands before the first question."""
    turns = []
    for question, answer in exchanges:
        turns.append({"role": "user", "content": [{"type": "text", "text": plain(question)}]})
        turns.append({"role": "assistant", "content": [{"type": "text", "text": plain(answer)}]})
    turns[0]["content"].insert(0, {"type": "image"})
    return turns


def from_and_value(sample: Conversation) -> list[dict[str, str]]:
    """Write the conversation as `from` and `value`; "<image>" and a new line stand before the first question."""
    turns = []
    for qa in sample.questions:
        turns.append({"from": "human", "value": plain(qa.question)})
        turns.append({"from": "gpt", "value": plain(qa.answer)})
    turns[0]["value"] = f"<image>\n{turns[0]['value']}"
    return turns


def json_line(value: Any) -> bytes:
    """Write one line of JSON, ASCII only."""
    return to_json(value).encode() + b"\n"


class ImageWriter:
    """Writes each picture once, though many samples in a row may show it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._frame_id = ""
        self._written: set[str] = set()

    def add(self, sample: Conversation) -> None:
        """Write the picture of a sample unless one of the samples before it, of the same image, had it."""
        if sample.frame_id != self._frame_id:
            self._frame_id, self._written = sample.frame_id, set()
        if sample.image_path not in self._written:
            path = self._folder / sample.image_path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(sample.image_bytes)
            self._written.add(sample.image_path)
