"""Read what the benchmark is from rooms.json: rooms by number, questions by kind and subjects, all hashed.

The words of its questions stand beside it, in rooms_questions.tsv: they stay, whatever the pipeline says today.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files

from spatialvlm.answers import Choice, Length, YesNo, in_words
from spatialvlm.errors import ContractError, UserError
from spatialvlm.kinds import KINDS
from spatialvlm.records import QA, Fact, Sample

FORMAT = 2
NAMES = ("rooms",)

QuestionKey = tuple[str, tuple[str, ...]]
"""A question of a room: its kind and its subjects. No room asks the same twice."""


@dataclass(frozen=True, slots=True)
class FrozenWords:
    """How a question was asked and answered when the benchmark was made."""

    question: str
    answer: str
    unit: str | None
    names: tuple[str, ...]
    template: str
    reference: str


@dataclass(frozen=True, slots=True)
class BenchmarkQuestion:
    """One question. `value`: a length in metres to 4 digits; of a comparison 1 or 0.

    1 is a predicate that is true, a choice of the first subject, a classification by the kind's `word`. A length is
    what the pipeline measures; `visible_m`, in metres to 5 digits, is what is true of the visible surfaces, and None of
    a comparison.
    """

    kind: str
    subjects: tuple[str, ...]
    value: float
    visible_m: float | None = None
    words: FrozenWords | None = field(default=None, compare=False)

    @property
    def key(self) -> QuestionKey:
        """What tells it from the others of its room."""
        return self.kind, self.subjects


@dataclass(frozen=True, slots=True)
class BenchmarkRoom:
    """One room: its number under the seed, its questions, and the sha256 of its PNG file and of its questions."""

    index: int
    image_sha256: str
    questions_sha256: str
    questions: tuple[BenchmarkQuestion, ...]


@dataclass(frozen=True, slots=True)
class BenchmarkDefinition:
    """The whole benchmark. `versions` are those of what decides the bits of an image."""

    seed: int
    size: tuple[int, int]
    spp: int
    versions: dict[str, str]
    rooms: tuple[BenchmarkRoom, ...]


def load_definition(name: str = "rooms", limit: int | None = None) -> BenchmarkDefinition:
    """Load a benchmark of this version of the package, or its first rooms. Raises UserError for a name that is none."""
    if name not in NAMES:
        raise UserError(f"benchmark {name!r}: unknown; choose one of {', '.join(NAMES)}")
    folder = files("spatialvlm.evaluate.rooms_benchmark")
    definition = parse_definition(folder.joinpath(f"{name}.json").read_text(encoding="utf-8"))
    lines = folder.joinpath(f"{name}_questions.tsv").read_text(encoding="utf-8").splitlines()
    return replace(definition, rooms=with_words(definition.rooms, lines)[:limit])


def with_words(rooms: Sequence[BenchmarkRoom], lines: Sequence[str]) -> tuple[BenchmarkRoom, ...]:
    """Give the questions of all rooms their words, a line each, in order.

    Raises ContractError where a line is about another question, or where there are too few or too many.
    """
    rows = iter([line.split("\t") for line in lines])
    found = []
    for room in rooms:
        asked = []
        for question in room.questions:
            number, kind, subjects, *words = next(rows, ("", "", ""))
            if (number, kind, tuple(subjects.split())) != (str(room.index), *question.key):
                raise ContractError(
                    f"benchmark words: got {kind or 'nothing'} of {subjects} in room {number}, expected "
                    f"{question.kind} of {' '.join(question.subjects)} in room {room.index}"
                )
            asked_as, answered, unit, names, template, reference = words
            frozen = FrozenWords(asked_as, answered, unit or None, tuple(names.split("|")), template, reference)
            asked.append(replace(question, words=frozen))
        found.append(replace(room, questions=tuple(asked)))
    if next(rows, None) is not None:
        raise ContractError("benchmark words: more lines than questions")
    return tuple(found)


def parse_definition(text: str) -> BenchmarkDefinition:
    """Parse the JSON of a definition. Raises ContractError where it is of another format."""
    data = json.loads(text)
    if data.get("format") != FORMAT:
        raise ContractError(f"benchmark definition: got format {data.get('format')!r}, expected {FORMAT}")
    kinds: list[str] = data["kinds"]
    rooms = tuple(
        BenchmarkRoom(
            room["room"],
            room["image"],
            room["questions"],
            tuple(_question(kinds[kind], subjects, numbers) for kind, subjects, *numbers in room["asked"]),
        )
        for room in data["rooms"]
    )
    return BenchmarkDefinition(data["seed"], tuple(data["size"]), data["spp"], data["versions"], rooms)


def _question(kind: str, subjects: str, numbers: Sequence[float | int]) -> BenchmarkQuestion:
    value, *visible_m = map(float, numbers)
    return BenchmarkQuestion(kind, tuple(subjects.split()), value, visible_m[0] if visible_m else None)


def visible_truths(definition: BenchmarkDefinition) -> Mapping[tuple[str, str, tuple[str, ...]], float]:
    """List the true lengths of the visible surfaces, in metres to 5 digits, by frame id, kind and subjects.

    Raises ContractError where a length has no such truth.
    """
    found: dict[tuple[str, str, tuple[str, ...]], float] = {}
    for room in definition.rooms:
        id_ = frame_id_of(definition.seed, room.index)
        for question in room.questions:
            if KINDS[question.kind].family != "quantitative":
                continue
            if question.visible_m is None:
                raise ContractError(
                    f"benchmark question {question.kind} of {' and '.join(question.subjects)} in {id_}: no true "
                    "length; expected one for every length: python benchmarks/rooms_truth.py writes them"
                )
            found[id_, question.kind, question.subjects] = question.visible_m
    return found


def frame_id_of(seed: int, index: int) -> str:
    """Name the frame of a room as the source `rooms` does."""
    return f"room-{seed}-{index:06d}"


def question_of(qa: QA) -> BenchmarkQuestion:
    """Turn a question into what the definition says of it."""
    match qa.fact.answer:
        case Length(metres):
            number = float(f"{metres:.4g}")
        case YesNo(yes):
            number = float(yes)
        case Choice(_, right):
            number = float(right == 0)  # the first subject, or the kind's word
        case other:
            raise ContractError(f"benchmark question {qa.kind}: got {other}; expected a length or a comparison")
    return BenchmarkQuestion(qa.kind, qa.fact.subjects, number)


def pick_questions(sample: Sample, wanted: Sequence[BenchmarkQuestion]) -> list[QA]:
    """Pick the wanted questions about a room, in the order wanted; those that are not there are left out.

    Those that have words are made of the facts of the room, the others are among its questions.
    """
    asked = {(qa.kind, qa.fact.subjects): qa for qa in sample.questions}
    facts = {(fact.kind, fact.subjects): fact for fact in sample.facts or ()}
    found = []
    for one in wanted:
        if one.words is None:
            found += [asked[one.key]] if one.key in asked else []
        elif one.key in facts and sample.scene is not None:
            found.append(_said_again(sample.scene.frame_id, facts[one.key], one.words))
    return found


def _said_again(frame_id: str, fact: Fact, words: FrozenWords) -> QA:
    kind = KINDS[fact.kind]
    value = in_words(fact.answer, dict(zip(fact.subjects, words.names))) if kind.form.of_subjects else fact.answer
    said = (words.question, words.answer, fact, words.template, words.reference)
    return QA(frame_id, kind.name, kind.family, *said, 0, words.names, value, words.unit)


def questions_hash(questions: Iterable[QA]) -> str:
    """Hash what is asked and answered, and the number or label to 4 digits, in order."""
    rows = [[qa.kind, qa.question, qa.answer, *qa.fact.subjects, question_of(qa).value] for qa in questions]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
