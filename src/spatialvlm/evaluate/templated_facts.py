"""Questions in wordings of ours about a scene whose objects are known -> the facts that they ask for.

The names of the scene's objects are found in the question, what is left is looked up among the templates, and the fact
is measured from the scene. What the geometry refuses, and what no template asks, has no fact.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, product
from typing import TypeVar

from spatialvlm.answers import Angle, BoundingBox, Choice, Clock, Count, Length, Order, Region, YesNo
from spatialvlm.captions import ObjectClass, classes_of
from spatialvlm.evaluate.parsing.length_spans import find_lengths
from spatialvlm.evaluate.rooms_benchmark.composed_questions import published_words
from spatialvlm.geometry import deepest_point
from spatialvlm.kinds import CORNERS, KINDS, LETTERS, THOUSANDTHS
from spatialvlm.pipeline.measure import MeasureConfig, measure
from spatialvlm.pipeline.phrase import PLANES, load_sheet, object_names, point_names
from spatialvlm.quantities import CENTIMETER, COORDINATES, FOOT, INCH, METER, ImageScale
from spatialvlm.records import Fact, Facts, Scene

CANNOT = "It can't be told from this image."
_NAME, _LIST, _GIVEN, _CLASS, _SCALE = "\x00", "\x01", "\x02", "\x03", "\x04"
"""What stands in a question for a name, names in a list, a length that is given, a class, and what a box counts in."""
_POINT = "the point at ("
_LISTED = re.compile(f"{_NAME}(?:, {_NAME})*,? (?:and|or) {_NAME}")
_UNITS = tuple(unit.plural for unit in (METER, CENTIMETER, FOOT, INCH))

_Id = TypeVar("_Id", str, int)
_Key = tuple[str, tuple[str, ...], frozenset[str], float | None]
"""What is asked: the kind, the subjects that have a slot each, those that are listed, the length that is given."""


@dataclass(frozen=True, slots=True, eq=False)
class AskedFacts:
    """A scene with what it is asked with: what its objects, and the points on them, are called, the longest name first.

    `rows` are those of its facts by what they answer. `classes` are its classes with the ids of what counts. `scales`
    are those that a question may want a box in, `notes` what it may say last, of its coordinates.
    """

    names: Sequence[tuple[str, re.Pattern[str]]]
    called: Mapping[str, str]
    facts: Facts
    rows: Mapping[_Key, int]
    classes: Sequence[tuple[ObjectClass, tuple[str, ...]]]
    scales: Sequence[ImageScale]
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class FoundFact:
    """A fact that a question asks for; `called` is what the question calls objects, by their ids."""

    fact: Fact
    called: Mapping[str, str]
    scale: ImageScale

    @property
    def text(self) -> str:
        """The fact in the plainest words, a length with its error."""
        kind, called = KINDS[self.fact.kind], self.called
        match self.fact.answer:
            case Length(metres):
                return f"{metres:.4g} m ± {self.fact.error:.2g} m"
            case Angle(radians):
                side = kind.word if radians > 0 else kind.opposite
                return f"{math.degrees(abs(radians)):.4g} degrees {side}".rstrip()
            case Count(number):
                return str(number)
            case YesNo(yes):
                return "Yes." if yes else "No."
            case Choice() as choice:
                return called.get(choice.chosen, choice.chosen) if kind.form.of_subjects else choice.chosen
            case Order(items):
                return ", ".join(called.get(one, CANNOT) for one in items)
            case Clock(hour):
                return f"{hour} o'clock"
            case Region(polygon):
                return "({}, {})".format(*deepest_point(polygon))
            case BoundingBox() as box:
                return f"[{self.scale.say(box.corners)}]"
        return CANNOT


def facts_to_ask_for(scene: Scene, config: MeasureConfig) -> AskedFacts:
    """Measure all facts of a scene, and list what its objects are called."""
    facts, called = measure(scene, config), object_names(scene)
    rows = {_key(fact.kind, fact.subjects, fact.given): row for row, fact in enumerate(facts)}
    points = [point_names(scene, sort) for sort in COORDINATES]
    at = (pair for naming in points for pair in naming.names.items())
    names = (*called.items(), *at, *_published().names.get(scene.frame_id, ()))
    ids = [one.instance.id for one in scene.objects]
    classes = [(one, tuple(ids[place] for place in one.members)) for one in classes_of(scene)]
    scales = [ImageScale(sort, scene.camera.width, scene.camera.height) for sort in COORDINATES]
    return AskedFacts(_by_length(names), called, facts, rows, classes, scales, [one.note for one in points])


def _key(kind: str, subjects: Sequence[str], given: float | None) -> _Key:
    named = KINDS[kind].subjects
    listed = frozenset(subjects[named:])
    return kind, tuple(subjects[:named]), listed, None if given is None else round(given, 4)


def _by_length(called: Iterable[tuple[_Id, str]]) -> Sequence[tuple[_Id, re.Pattern[str]]]:
    """Make patterns of the names of things, the longest first."""
    longest = sorted(set(called), key=lambda pair: (-len(pair[1]), pair[0]))
    return [(id_, _pattern(name)) for id_, name in longest]


@cache
def _pattern(name: str) -> re.Pattern[str]:
    """Match a name as questions say it: with its article, so that "can you" is not the can."""
    return re.compile(rf"\b{re.escape(name)}(?!\w)", re.IGNORECASE)


def fact_asked_for(asked: AskedFacts, question: str) -> FoundFact | None:
    """Find the fact that a question asks for. A thing may be called as the wording calls something else, "picture"."""
    for note in asked.notes:
        question = question.replace(note, "")
    scale = next((one for one in asked.scales if one.words in question), asked.scales[0])
    question = question.replace(scale.words, _SCALE)
    counted = _count_asked_for(asked, question)
    if counted is not None:
        return FoundFact(counted, asked.called, scale)
    named = _with_marks(question, asked.names)[1]
    for passed_over in (None, *dict.fromkeys(id_ for id_, _ in named)):
        text, subjects = _with_marks(question, asked.names, passed_over)
        fact = _fact_of(asked, text, subjects)
        if fact is not None:
            return FoundFact(fact, {**asked.called, **dict(subjects)}, scale)
    return None


def _count_asked_for(asked: AskedFacts, question: str) -> Fact | None:
    """Find the count of the class that a question names; "in this picture" names none."""
    for one, ids in asked.classes:
        for words in ((one.plural, one.noun), (one.plural,)):
            text = re.sub(rf"\b(?:{'|'.join(map(re.escape, words))})\b", _CLASS, question, flags=re.IGNORECASE)
            template = _templates().get((False, _normalize(text))) if _CLASS in text else None
            key = None if template is None else _key(template[0], ids, None)
            if key is not None and key in asked.rows:
                return asked.facts[asked.rows[key]]
    return None


def _with_marks(
    question: str, names: Sequence[tuple[_Id, re.Pattern[str]]], passed_over: _Id | None = None
) -> tuple[str, list[tuple[_Id, str]]]:
    """Put marks in place of the names of a question, but for one, and list whose they were, as it says them."""
    found: list[tuple[int, _Id, str]] = []
    for id_, pattern in names:
        if id_ != passed_over:
            found += [(hit.start(), id_, hit[0]) for hit in pattern.finditer(question)]
            question = pattern.sub(lambda hit: _NAME * len(hit[0]), question)  # of the same length: places stay
    return re.sub(f"{_NAME}+", _NAME, question), [(id_, said) for _, id_, said in sorted(found)]


def _fact_of(asked: AskedFacts, text: str, named: Sequence[tuple[str, str]]) -> Fact | None:
    subjects, points = [id_ for id_, _ in named], any(said.lower().startswith(_POINT) for _, said in named)
    lengths = find_lengths(text)
    given = lengths[0].metres if len(lengths) == 1 else None
    for wording, metres in ((text, None), (_without_length(text), given)):
        for one in (wording, _LISTED.sub(_LIST, wording)):
            asks = (points, _normalize(one))
            template = _templates().get(asks) or _published().wordings.get(asks)
            key = None if template is None else _asked_for(template, wording, subjects, metres)
            if key is not None and key in asked.rows:
                return asked.facts[asked.rows[key]]
    return None


def _without_length(text: str) -> str:
    """Put the mark of a given length in place of the only length of a question."""
    lengths = find_lengths(text)
    return f"{text[: lengths[0].start]}{_GIVEN}{text[lengths[0].end :]}" if len(lengths) == 1 else text


def _asked_for(template: tuple[str, str], wording: str, subjects: Sequence[str], given: float | None) -> _Key | None:
    """Find what a question asks for by its template; None where it names more or fewer things than that has slots."""
    kind, order = template
    sizes = [hit[0].count(_NAME) for hit in _LISTED.finditer(wording)]
    counts = [sizes.pop(0) if slot == _LIST and sizes else 1 for slot in order]
    if sum(counts) != len(subjects):
        return None
    slots: dict[str, list[str]] = {}
    for slot, count, end in zip(order, counts, accumulate(counts)):
        slots.setdefault(slot, list(subjects[end - count : end]))
    slots.pop("P", None)
    return _key(kind, [one for slot in sorted(slots, key=_LETTERS.index) for one in slots[slot]], given)


_LETTERS = LETTERS + _LIST


@cache
def _templates() -> dict[tuple[bool, str], tuple[str, str]]:
    """List every question, of points or not, without its names -> its kind, and which slots in which order ("BA")."""
    found: dict[tuple[bool, str], tuple[str, str]] = {}
    marks = dict.fromkeys(LETTERS, _NAME) | {"L": _LIST, "M": _LIST, "G": _GIVEN, "K": _CLASS, "S": _CLASS}
    marks["Z"] = f"{CORNERS}, {_SCALE}"
    for name, kind in KINDS.items():
        planes = (*PLANES.values(), _NAME) if kind.on_own else PLANES.values()
        for line, plane, unit in product(load_sheet(name).lines["question"], planes, _UNITS):
            fills = marks | {"P": plane, "U": unit}
            pieces = (fills[piece] if place % 2 else piece for place, piece in enumerate(line.pieces))
            slots = [(slot, fills[slot]) for slot in line.pieces[1::2]]
            order = "".join(_LIST if mark == _LIST else slot for slot, mark in slots if mark in (_NAME, _LIST))
            found.setdefault((kind.pointed, _normalize("".join(pieces))), (name, order))
    return found


@dataclass(frozen=True, slots=True)
class _Published:
    """The words of our own benchmarks, which stay while templates and names go on.

    `wordings` are as those of `_templates`, `names` are what things are called, with their ids, by frame.
    """

    wordings: Mapping[tuple[bool, str], tuple[str, str]]
    names: Mapping[str, Set[tuple[str, str]]]


@cache
def _published() -> _Published:
    wordings: dict[tuple[bool, str], tuple[str, str]] = {}
    called: dict[str, set[tuple[str, str]]] = {}
    for frame_id, name, subjects, question, names in published_words():
        kind = KINDS[name]
        if not kind.form.names_subjects:
            continue
        text, places = _with_marks(question.replace(THOUSANDTHS.words, _SCALE), _by_length(enumerate(names)))
        slots = [LETTERS[place] if place < kind.subjects else _LIST for place, _ in places]
        listed = _LISTED.sub(_LIST, text) if kind.listed else text
        order = re.sub(f"{_LIST}+", _LIST, "".join(slots))
        wording = _normalize(_without_length(listed) if kind.given else listed)
        wordings.setdefault((kind.pointed, wording), (name, order))
        called.setdefault(frame_id, set()).update(zip(subjects, names, strict=True))
    return _Published(wordings, called)


def _normalize(text: str) -> str:
    return " ".join(text.lower().split())
