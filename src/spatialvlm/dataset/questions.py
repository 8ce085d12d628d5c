"""QA records <-> the `qa` column, one list per image. Built column by column: dictionaries would be ten times slower.

`value` is the answer as JSON, in the question's words; whatever scores another answer needs it, `names`, `asked_unit`,
`asked_as` and `kind` alone. `fact` is the answer of the fact, by object ids, where `value` is another one: a length
that is asked as a choice. `number`, `unit` and `label` say what `fact` does for who reads the table: a number is in SI;
a label is what a comparison came to, "true" | "false", an object id, a word or "similar".
"""

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from typing import Any

import pyarrow as pa

from spatialvlm.answers import (
    SAME,
    Angle,
    Answer,
    Area,
    BoundingBox,
    CannotTell,
    Choice,
    Clock,
    Count,
    Length,
    Order,
    Region,
    YesNo,
    answer_from_text,
    answer_to_text,
    in_words,
)
from spatialvlm.dataset import schema
from spatialvlm.errors import DatasetError, UserError
from spatialvlm.records import QA, Fact

_Told = tuple[float | None, str | None, str | None]


def questions_table(rows: Sequence[tuple[str, Sequence[QA]]]) -> pa.Table:
    """Make a table of one row per (frame id, its questions), in the order given."""
    questions = list(chain.from_iterable(qas for _, qas in rows))
    facts = [qa.fact for qa in questions]
    subjects, names = [fact.subjects for fact in facts], [qa.names for qa in questions]
    options = [qa.value.options if isinstance(qa.value, Choice) else () for qa in questions]
    numbers, units, labels = zip(*(_told(fact.answer) for fact in facts)) if facts else ((), (), ())
    columns = {
        "kind": texts([qa.kind for qa in questions]),
        "family": texts([qa.family for qa in questions]),
        "question": texts([qa.question for qa in questions]),
        "answer": texts([qa.answer for qa in questions]),
        "subjects": _text_lists(subjects),
        "number": pa.array(numbers, pa.float64()),
        "unit": texts(units),
        "label": texts(labels),
        "error": pa.array([fact.error for fact in facts], pa.float64(), from_pandas=True),  # NaN is null
        "in_frame": texts([fact.in_frame for fact in facts]),
        "template": texts([qa.template for qa in questions]),
        "reference": texts([qa.reference for qa in questions]),
        "seed": pa.array([qa.seed for qa in questions], pa.int64()),
        "given": pa.array([fact.given for fact in facts], pa.float64()),
        "names": _text_lists(names),
        "asked_unit": texts([qa.unit for qa in questions]),
        "options": _text_lists(options),
        "value": texts([answer_to_text(qa.value) for qa in questions]),
        "asked_as": texts([qa.asked_as for qa in questions]),
        "fact": texts([_other_answer(qa) for qa in questions]),
    }
    fields = [columns[field.name] for field in schema.QUESTION]
    structs = pa.StructArray.from_arrays(fields, fields=list(schema.QUESTION))
    ids = texts([frame_id for frame_id, _ in rows])
    return pa.Table.from_arrays([ids, lists([qas for _, qas in rows], structs)], schema=schema.QA)


def _other_answer(qa: QA) -> str | None:
    """Write the answer of the fact where it is not what `value` says."""
    known = qa.fact.answer
    if qa.value is known or in_words(qa.value, dict(zip(qa.names, qa.fact.subjects))) == known:
        return None
    return answer_to_text(known)


def _told(answer: Answer) -> _Told:
    """Return number, unit and label of an answer that names objects by their ids."""
    match answer:
        case Length(metres):
            return metres, "m", None
        case YesNo(yes):
            return None, None, "true" if yes else "false"
        case Choice(options, right):
            return None, None, "similar" if options[right] == SAME else options[right]
        case Angle(radians):
            return radians, "rad", None
        case Count(number):
            return float(number), None, None
        case Clock(hour):
            return float(hour), "o'clock", None
        case Area(square_metres):
            return square_metres, "m²", None
        case Order(items):
            return None, None, " > ".join(items)
        case CannotTell(reason):
            return None, None, reason
        case Region() | BoundingBox():
            return None, None, None


def read_questions(table: pa.Table) -> Iterator[tuple[str, list[QA]]]:
    """Read (frame id, its questions) of every row. Raises DatasetError for an answer that is none."""
    frames = table.column("frame_id").to_pylist()
    column = table.column("qa").combine_chunks()
    offsets = column.offsets.to_pylist()
    names = [field.name for field in column.type.value_type]
    # flatten() drops the values before the first offset, which the slice of a larger table has
    columns = [part.to_pylist() for part in column.flatten().flatten()]
    rows = [dict(zip(names, values)) for values in zip(*columns)]
    for index, frame_id in enumerate(frames):
        own = rows[offsets[index] - offsets[0] : offsets[index + 1] - offsets[0]]
        yield frame_id, [question_from_row(frame_id, row) for row in own]


def question_from_row(frame_id: str, row: dict[str, Any]) -> QA:
    """Read one question from the columns of its row. Raises DatasetError where `value` is no answer."""
    error = math.nan if row["error"] is None else row["error"]
    try:
        value = answer_from_text(row["value"])
        known = answer_from_text(row["fact"]) if row.get("fact") else None
    except UserError as fault:
        raise DatasetError(f"question {row['question']!r} of frame {frame_id!r}: {fault}") from None
    subjects, names = tuple(row["subjects"]), tuple(row["names"])
    answer = known or in_words(value, dict(zip(names, subjects)))
    fact = Fact(row["kind"], subjects, answer, error, row["in_frame"], row["given"])
    said = (row["kind"], row["family"], row["question"], row["answer"])
    about = (row["template"], row["reference"], row["seed"])
    return QA(frame_id, *said, fact, *about, names, value, row["asked_unit"], row.get("asked_as") or "open")


def _text_lists(rows: Sequence[Sequence[str]]) -> pa.ListArray:
    return lists(rows, texts(list(chain.from_iterable(rows))))


def texts(values: Sequence[str | None]) -> pa.Array:
    """Make a text column. What is no Unicode (a surrogate from a file name or from JSON) is written as its escape."""
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([value if value is None else _printable(value) for value in values], pa.string())


def _printable(value: str) -> str:
    return value.encode("utf-8", "backslashreplace").decode()


def lists(rows: Sequence[Sequence[object]], values: pa.Array, width: int = 1) -> pa.ListArray:
    """Cut `values` into one list per row, of the row's length times `width`."""
    offsets = accumulate((len(row) * width for row in rows), initial=0)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)
