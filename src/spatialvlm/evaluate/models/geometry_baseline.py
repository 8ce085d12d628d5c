"""Answer by our own pipeline: a templated question and the stored scene of its picture -> the measured answer.

It reads the question as any other answerer does: the names of the scene's objects are found in it, what is left is
looked up among the templates, and the fact is measured from the scene. What the geometry refuses, and what no template
asks, "can't be told from this image". With exact depth this is the ceiling of the data engine.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

from spatialvlm.dataset import read_dataset
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item, Picture
from spatialvlm.evaluate.models import ModelAnswer, Track
from spatialvlm.evaluate.tasks.dataset_items import SAME, object_names
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.measure import measure
from spatialvlm.pipeline.phrase import PLANES, load_sheet
from spatialvlm.quantities import CENTIMETER, FOOT, INCH, METER
from spatialvlm.records import Facts, Scene

CANNOT = "It can't be told from this image."
_SLOTS = {"A": "\x01", "B": "\x02"}
_UNITS = tuple(unit.plural for unit in (METER, CENTIMETER, FOOT, INCH))


@dataclass(frozen=True, slots=True, eq=False)
class _AskedScene:
    """A scene with what it is asked with: the names of its objects, longest first, and its facts by kind and places."""

    names: Sequence[tuple[str, re.Pattern[str]]]
    called: Mapping[str, str]
    facts: Facts
    rows: Mapping[tuple[str, str, str], int]


class GeometryBaseline:
    """An Answerer: see the module. `dataset` is a folder of `spatialvlm build`; pictures tell which scene is meant."""

    track: Track = "scene"
    name = "geometry"

    def __init__(self, dataset: Path | None) -> None:
        fix = "build a dataset of the pictures and say geometry:DATASET"
        if dataset is None:
            raise UserError(f"geometry: needs the stored scenes of the pictures; {fix}")
        if not dataset.exists():
            raise UserError(
                f"geometry: needs the stored scenes of the pictures, but {str(dataset)!r} is missing; {fix}"
            )
        if not (dataset / "manifest.jsonl").exists():
            raise UserError(f"geometry: needs the stored scenes of the pictures; {str(dataset)!r} is no dataset; {fix}")
        self._dataset = dataset
        opened = read_dataset(dataset)
        self.version: str | None = str(opened.header.get("versions", {}).get("spatialvlm"))
        self._scenes = {_digest(source.image_bytes): scene for scene, source in opened.scenes()}
        self._asked_scenes: dict[str, _AskedScene] = {}

    def answers(self, task: str, items: Sequence[Item]) -> list[ModelAnswer]:
        """Measure the answers. Raises UserError where the dataset has no scene of any picture of the task."""
        digests = [_digest_of(item) for item in items]
        if items and not any(digest in self._scenes for digest in digests):
            raise UserError(
                f"geometry: {str(self._dataset)!r} has no scene of any picture of {task}; "
                "build a dataset of its pictures and say geometry:DATASET"
            )
        return [self._answer(item, digest) for item, digest in zip(items, digests, strict=True)]

    def answer(self, item: Item) -> ModelAnswer:
        """Measure the answer to one item, whether or not its scene is known."""
        return self._answer(item, _digest_of(item))

    def _answer(self, item: Item, digest: str) -> ModelAnswer:
        if digest not in self._scenes:
            return ModelAnswer(CANNOT)
        if digest not in self._asked_scenes:
            self._asked_scenes[digest] = _prepare(self._scenes[digest])
        return ModelAnswer(_answer_text(self._asked_scenes[digest], item.question))


def _digest_of(item: Item) -> str:
    return _digest(_bytes(item.pictures[0])) if item.pictures else ""


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _bytes(picture: Picture) -> bytes:
    return picture if isinstance(picture, bytes) else picture.read_bytes()


def _prepare(scene: Scene) -> _AskedScene:
    facts, called = measure(scene), object_names(scene)
    longest = sorted(called.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    ids = (*facts.object_ids, "")
    columns = zip(facts.kind.tolist(), facts.a.tolist(), facts.b.tolist())
    rows = {(facts.kinds[kind], ids[a], ids[b]): row for row, (kind, a, b) in enumerate(columns)}
    return _AskedScene([(id_, _pattern(name)) for id_, name in longest], called, facts, rows)


def _pattern(name: str) -> re.Pattern[str]:
    """Match a name as questions say it: with its article, so that "can you" is not the can."""
    return re.compile(rf"\b{re.escape(name)}(?!\w)", re.IGNORECASE)


def _answer_text(asked: _AskedScene, question: str) -> str:
    """Answer one question from one scene."""
    found: list[tuple[int, str]] = []
    text = question
    for id_, pattern in asked.names:
        found += [(hit.start(), id_) for hit in pattern.finditer(text)]
        text = pattern.sub(lambda hit: "\x00" * len(hit[0]), text)  # of the same length: places stay
    subjects = [id_ for _, id_ in sorted(found)]
    template = _templates().get(_normalize(re.sub("\x00+", "\x00", text)))
    if template is None or len(subjects) != len(template[1]):
        return CANNOT
    kind, order = template
    pair = [subjects[order.index(slot)] for slot in sorted(set(order))]
    row = asked.rows.get((kind, pair[0], pair[1] if len(pair) > 1 else ""))
    return CANNOT if row is None else _say_fact(asked, kind, pair, row)


def _say_fact(asked: _AskedScene, kind: str, pair: Sequence[str], row: int) -> str:
    """Say a fact in the plainest words, a length with its error."""
    outcome, form = int(asked.facts.outcome[row]), KINDS[kind].form
    if form == "length":
        return f"{float(asked.facts.number[row]):.4g} m ± {float(asked.facts.error[row]):.2g} m"
    if outcome == 0:
        return SAME
    match form:
        case "predicate":
            return "Yes." if outcome > 0 else "No."
        case "choice":
            return asked.called[pair[0] if outcome > 0 else pair[1]]
    return KINDS[kind].word if outcome > 0 else KINDS[kind].opposite


@cache
def _templates() -> dict[str, tuple[str, str]]:
    """List every question with its names left out -> its kind, and which slots it has in which order ("BA")."""
    found: dict[str, tuple[str, str]] = {}
    for kind in KINDS:
        for line in load_sheet(kind).lines["question"]:
            order = "".join(piece for piece in line.pieces[1::2] if piece in _SLOTS)
            for plane, unit in product(PLANES.values(), _UNITS):
                fills = {"A": "\x00", "B": "\x00", "P": plane, "U": unit}
                pieces = (fills[piece] if place % 2 else piece for place, piece in enumerate(line.pieces))
                found.setdefault(_normalize("".join(pieces)), (kind, order))
    return found


def _normalize(text: str) -> str:
    return " ".join(text.lower().split())
