"""The second set of questions about the rooms of the benchmark: rooms_plus_questions.tsv -> questions by frame.

A line is all that is known of a question: room, kind, subjects, question, answer, unit, names, template, reference, the
length that it gives, the error of what decides it, and its true value as JSON. The unit of a box is what its corners
count in; a count of a class has no names. They stay, whatever the pipeline says.
"""

from collections.abc import Iterator
from importlib.resources import files

from spatialvlm.answers import answer_from_text, answer_to_text, in_words
from spatialvlm.errors import ContractError
from spatialvlm.evaluate.rooms_benchmark.definition import frame_id_of, load_definition
from spatialvlm.kinds import KINDS
from spatialvlm.records import QA, Fact

FILE = "rooms_plus_questions.tsv"
COLUMNS = 12


def load_composed() -> dict[str, list[QA]]:
    """Load the questions by the ids of their frames, in order."""
    text = files("spatialvlm.evaluate.rooms_benchmark").joinpath(FILE).read_text(encoding="utf-8")
    seed = load_definition("rooms").seed
    found: dict[str, list[QA]] = {}
    for line in text.splitlines():
        room, qa = from_line(line, seed)
        found.setdefault(frame_id_of(seed, room), []).append(qa)
    return found


def to_line(room: int, qa: QA) -> str:
    """Write a question about a room as a line."""
    fact = qa.fact
    said = (qa.question, qa.answer, qa.unit or "", "|".join(qa.names), qa.template, qa.reference)
    numbers = ("" if fact.given is None else f"{fact.given:g}", f"{fact.error:.3g}")
    return "\t".join((str(room), qa.kind, " ".join(fact.subjects), *said, *numbers, answer_to_text(qa.value))) + "\n"


def from_line(line: str, seed: int) -> tuple[int, QA]:
    """Read a line: its room and its question. Raises ContractError where it has other columns."""
    cells = line.removesuffix("\n").split("\t")
    if len(cells) != COLUMNS:
        raise ContractError(f"benchmark words: got {len(cells)} columns in {line[:40]!r}, expected {COLUMNS}")
    room, kind, subjects, question, answer, unit, names, template, reference, given, error, value = cells
    ids, called, true = tuple(subjects.split()), tuple(names.split("|")) if names else (), answer_from_text(value)
    by_id = in_words(true, dict(zip(called, ids, strict=True))) if called else true
    fact = Fact(kind, ids, by_id, float(error), "world", float(given) if given else None)
    said = (question, answer, fact, template, reference)
    qa = QA(frame_id_of(seed, int(room)), kind, KINDS[kind].family, *said, 0, called, true, unit or None)
    return int(room), qa


def published_words() -> Iterator[tuple[str, str, tuple[str, ...], str, tuple[str, ...]]]:
    """List the questions of both sets: frame id, kind, subjects, the question, and what it calls them."""
    definition = load_definition("rooms")
    for room in definition.rooms:
        for one in room.questions:
            if one.words is not None:
                frame_id = frame_id_of(definition.seed, room.index)
                yield frame_id, one.kind, one.subjects, one.words.question, one.words.names
    for frame_id, asked in load_composed().items():
        yield from ((frame_id, qa.kind, qa.fact.subjects, qa.question, qa.names) for qa in asked)
