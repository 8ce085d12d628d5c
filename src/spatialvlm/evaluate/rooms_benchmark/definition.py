"""What the benchmark is: rooms.json <-> a Definition. Rooms by number, questions by kind and subjects, all hashed."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from spatialvlm.errors import ContractError, UserError
from spatialvlm.kinds import KINDS
from spatialvlm.records import QA

FORMAT = 2
NAMES = ("rooms",)
SEED = 2401_12168_03
"""The seed of the rooms and of the wordings. Don't train on rooms of this seed."""
SIZE, SPP = (640, 480), 16

Key = tuple[str, tuple[str, ...]]
"""A question of a room: its kind and its subjects. No room asks the same twice."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question. `value`: a length in metres to 4 digits; of a comparison 1 or 0.

    1 is a predicate that is true, a choice of the first subject, a classification by the kind's `word`. A length is
    what the pipeline measures; `visible_m`, in metres to 5 digits, is what is true of the visible surfaces, and None of
    a comparison.
    """

    kind: str
    subjects: tuple[str, ...]
    value: float
    visible_m: float | None = None

    @property
    def key(self) -> Key:
        """What tells it from the others of its room."""
        return self.kind, self.subjects


@dataclass(frozen=True, slots=True)
class BenchmarkRoom:
    """One room: its number under the seed, its questions, and the sha256 of its PNG file and of its questions."""

    index: int
    image_sha256: str
    questions_sha256: str
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """The whole benchmark. `versions` are those of what decides the bits of an image."""

    seed: int
    size: tuple[int, int]
    spp: int
    versions: dict[str, str]
    rooms: tuple[BenchmarkRoom, ...]


def load_definition(name: str = "rooms", limit: int | None = None) -> Definition:
    """A benchmark of this version of the package, or its first rooms. Raises UserError for a name that is none."""
    if name not in NAMES:
        raise UserError(f"benchmark {name!r}: unknown; choose one of {', '.join(NAMES)}")
    definition = parse(
        files("spatialvlm.evaluate.rooms_benchmark").joinpath(f"{name}.json").read_text(encoding="utf-8")
    )
    return replace(definition, rooms=definition.rooms[:limit])


def parse(text: str) -> Definition:
    """A Definition from its JSON. Raises ContractError where it is of another format."""
    data = json.loads(text)
    if data.get("format") != FORMAT:
        raise ContractError(f"benchmark definition: got format {data.get('format')!r}, expected {FORMAT}")
    kinds: list[str] = data["kinds"]
    rooms = tuple(
        BenchmarkRoom(
            room["room"],
            room["image"],
            room["questions"],
            tuple(
                Asked(kinds[kind], tuple(subjects.split()), *map(float, numbers))
                for kind, subjects, *numbers in room["asked"]
            ),
        )
        for room in data["rooms"]
    )
    return Definition(data["seed"], tuple(data["size"]), data["spp"], data["versions"], rooms)


def to_text(definition: Definition) -> str:
    """A Definition as JSON, one room a line."""
    kinds = sorted({asked.kind for room in definition.rooms for asked in room.asked}, key=list(KINDS).index)
    head: dict[str, Any] = {
        "format": FORMAT,
        "seed": definition.seed,
        "size": list(definition.size),
        "spp": definition.spp,
        "versions": definition.versions,
        "kinds": kinds,
    }
    lines = [
        json.dumps(
            {
                "room": room.index,
                "image": room.image_sha256,
                "questions": room.questions_sha256,
                "asked": [[kinds.index(a.kind), " ".join(a.subjects), *_numbers(a)] for a in room.asked],
            },
            separators=(",", ":"),
        )
        for room in definition.rooms
    ]
    return json.dumps(head)[:-1] + ', "rooms": [\n' + ",\n".join(lines) + "\n]}\n"


def _numbers(asked: Asked) -> list[float | int]:
    """The value and, where it is there, the truth; 1 and not 1.0."""
    numbers = [asked.value] if asked.visible_m is None else [asked.value, asked.visible_m]
    return [int(number) if number == int(number) else number for number in numbers]


def visible_truths(definition: Definition) -> Mapping[tuple[str, str, tuple[str, ...]], float]:
    """What is true of the visible surfaces, in metres to 5 digits, by frame id, kind and subjects: of all lengths.

    Raises ContractError where a length has no such truth.
    """
    found: dict[tuple[str, str, tuple[str, ...]], float] = {}
    for room in definition.rooms:
        id_ = frame_id_of(definition.seed, room.index)
        for asked in room.asked:
            if KINDS[asked.kind].form != "length":
                continue
            if asked.visible_m is None:
                raise ContractError(
                    f"benchmark question {asked.kind} of {' and '.join(asked.subjects)} in {id_}: no true length; "
                    "expected one for every length: python benchmarks/rooms_truth.py writes them"
                )
            found[id_, asked.kind, asked.subjects] = asked.visible_m
    return found


def frame_id_of(seed: int, index: int) -> str:
    """The id that the source `rooms` gives to a room's frame."""
    return f"room-{seed}-{index:06d}"


def asked_of(qa: QA) -> Asked:
    """What the definition says of a question."""
    value, kind = qa.fact.value, KINDS[qa.kind]
    match kind.form:
        case "length":
            number = float(f"{value:.4g}")
        case "predicate":
            number = float(value is True)
        case "choice":
            number = float(value == qa.fact.subjects[0])
        case _:
            number = float(value == kind.word)
    return Asked(qa.kind, qa.fact.subjects, number)


def choose(questions: Iterable[QA], wanted: Sequence[Asked]) -> list[QA]:
    """The wanted ones among the questions of a room, in the order wanted; those that are not there are left out."""
    found = {(qa.kind, qa.fact.subjects): qa for qa in questions}
    return [found[asked.key] for asked in wanted if asked.key in found]


def questions_hash(questions: Iterable[QA]) -> str:
    """The sha256 of what is asked and answered, and of the number or label to 4 digits, in order."""
    rows = [[qa.kind, qa.question, qa.answer, *qa.fact.subjects, asked_of(qa).value] for qa in questions]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
