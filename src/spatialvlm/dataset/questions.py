"""QA records <-> the `qa` column, one list per image. Built column by column: dictionaries would be ten times slower.

A number is a length in SI; a label is what a comparison came to: "true" | "false", an object id, a relation's name or
"similar".
"""

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from typing import Any

import pyarrow as pa

from spatialvlm.dataset import schema
from spatialvlm.errors import DatasetError
from spatialvlm.kinds import KINDS
from spatialvlm.records import QA, Fact

_LABELS = {True: "true", False: "false"}
_PREDICATES: dict[str, bool | str] = {"true": True, "false": False}


def questions_table(rows: Sequence[tuple[str, Sequence[QA]]]) -> pa.Table:
    """Make a table of one row per (frame id, its questions), in the order given."""
    questions = list(chain.from_iterable(qas for _, qas in rows))
    facts = [qa.fact for qa in questions]
    values = [fact.value for fact in facts]
    subjects = [fact.subjects for fact in facts]
    columns = {
        "kind": texts([qa.kind for qa in questions]),
        "family": texts([qa.family for qa in questions]),
        "question": texts([qa.question for qa in questions]),
        "answer": texts([qa.answer for qa in questions]),
        "subjects": lists(subjects, texts(list(chain.from_iterable(subjects)))),
        "number": pa.array([None if isinstance(v, (bool, str)) else v for v in values], pa.float64()),
        "unit": texts([None if fact.unit == "1" else fact.unit for fact in facts]),
        "label": texts([v if isinstance(v, str) else _LABELS[v] if isinstance(v, bool) else None for v in values]),
        "error": pa.array([fact.error for fact in facts], pa.float64(), from_pandas=True),  # NaN is null
        "in_frame": texts([fact.in_frame for fact in facts]),
        "template": texts([qa.template for qa in questions]),
        "reference": texts([qa.reference for qa in questions]),
        "seed": pa.array([qa.seed for qa in questions], pa.int64()),
    }
    fields = [columns[field.name] for field in schema.QUESTION]
    structs = pa.StructArray.from_arrays(fields, fields=list(schema.QUESTION))
    ids = texts([frame_id for frame_id, _ in rows])
    return pa.Table.from_arrays([ids, lists([qas for _, qas in rows], structs)], schema=schema.QA)


def read_questions(table: pa.Table) -> Iterator[tuple[str, list[QA]]]:
    """Read (frame id, its questions) of every row. Raises DatasetError for a kind that this version does not know."""
    frames = table.column("frame_id").to_pylist()
    column = table.column("qa").combine_chunks()
    offsets = column.offsets.to_pylist()
    names = [field.name for field in schema.QUESTION]
    # flatten() drops the values before the first offset, which the slice of a larger table has
    columns = [part.to_pylist() for part in column.flatten().flatten()]
    rows = [dict(zip(names, values)) for values in zip(*columns)]
    for index, frame_id in enumerate(frames):
        own = rows[offsets[index] - offsets[0] : offsets[index + 1] - offsets[0]]
        yield frame_id, [_question(frame_id, row) for row in own]


def _question(frame_id: str, row: dict[str, Any]) -> QA:
    error = math.nan if row["error"] is None else row["error"]
    fact = Fact(row["kind"], tuple(row["subjects"]), _value(frame_id, row), row["unit"] or "1", row["in_frame"], error)
    texts_of = (row["kind"], row["family"], row["question"], row["answer"])
    return QA(frame_id, *texts_of, fact, row["template"], row["reference"], row["seed"])


def _value(frame_id: str, row: dict[str, Any]) -> float | bool | str:
    if row["number"] is not None:
        return row["number"]
    kind = KINDS.get(row["kind"])
    label: str = row["label"]
    if kind is None:
        raise DatasetError(
            f"question kind {row['kind']!r} of frame {frame_id!r}: unknown to this version; update spatialvlm"
        )
    return _PREDICATES.get(label, label) if kind.form == "predicate" else label


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
