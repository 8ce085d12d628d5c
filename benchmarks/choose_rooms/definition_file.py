"""Write the definition of the rooms benchmark: the choice -> the text of `rooms.json`, and the words beside it."""

import json
from pathlib import Path
from typing import Any

import spatialvlm.evaluate.rooms_benchmark
from spatialvlm.evaluate.rooms_benchmark.definition import FORMAT, BenchmarkDefinition, BenchmarkQuestion, FrozenWords
from spatialvlm.kinds import KINDS
from spatialvlm.records import QA

DEFINITION = Path(spatialvlm.evaluate.rooms_benchmark.__file__).with_name("rooms.json")
SEED = 2401_12168_03
"""The seed of the rooms and of the wordings. Don't train on rooms of this seed."""
SIZE, SPP = (640, 480), 16


def to_text(definition: BenchmarkDefinition) -> str:
    """Write a definition as JSON, one room a line."""
    kinds = sorted({question.kind for room in definition.rooms for question in room.questions}, key=list(KINDS).index)
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
                "asked": [[kinds.index(one.kind), " ".join(one.subjects), *_numbers(one)] for one in room.questions],
            },
            separators=(",", ":"),
        )
        for room in definition.rooms
    ]
    return json.dumps(head)[:-1] + ', "rooms": [\n' + ",\n".join(lines) + "\n]}\n"


def words_of(qa: QA) -> FrozenWords:
    """Take the words of a question, which the benchmark keeps."""
    return FrozenWords(qa.question, qa.answer, qa.unit, qa.names, qa.template, qa.reference)


def to_lines(definition: BenchmarkDefinition) -> str:
    """Write the words of all questions, a line each, in the order of the definition."""
    lines = []
    for room in definition.rooms:
        for one in room.questions:
            assert one.words is not None, f"{one.kind} in room {room.index} has no words"
            said = (one.words.question, one.words.answer, one.words.unit or "", "|".join(one.words.names))
            row = (str(room.index), one.kind, " ".join(one.subjects), *said, one.words.template, one.words.reference)
            lines.append("\t".join(row))
    return "\n".join(lines) + "\n"


def _numbers(question: BenchmarkQuestion) -> list[float | int]:
    """List the value and, where it is there, the truth; 1 and not 1.0."""
    numbers = [question.value] if question.visible_m is None else [question.value, question.visible_m]
    return [int(number) if number == int(number) else number for number in numbers]
