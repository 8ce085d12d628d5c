"""The reader of lengths against answers.tsv, a table written by hand apart from it; the table's head has its rules."""

import math
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from spatialvlm.evaluate.parsing.length_answers import parse_length
from spatialvlm.quantities import UNITS

TABLE = Path(__file__).with_name("answers.tsv")
COLUMNS = "answer\tmetres\tunit\twhy"
OTHERS = ("none", "refused", "unread")
ESCAPES = {r"\n": "\n", r"\t": "\t", r"\\": "\\"}


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    answer: str
    expected: str
    metres: float | None
    unit: str | None
    why: str


def unescape(text):
    def character(escape):
        return ESCAPES[escape[0]] if escape[0] in ESCAPES else chr(int(escape[1], 16))

    assert not re.search(r"\\(?![nt\\]|u[0-9a-f]{4})", re.sub(r"\\\\", "", text)), f"unknown escape: {text}"
    return re.sub(r"\\(?:[nt\\]|u([0-9a-f]{4}))", character, text)


def read_table():
    lines = TABLE.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    first = lines.index(COLUMNS) + 1
    for number, line in enumerate(lines[first:], first + 1):
        answer, metres, unit, why = line.split("\t")
        expected, value = (metres, None) if metres in OTHERS else ("length", float(metres))
        yield Row(number, unescape(answer), expected, value, unit or None, why)


ROWS = tuple(read_table())


def is_right(row, reading):
    if row.expected == "length":
        return reading.value == pytest.approx(row.metres, rel=1e-6, abs=1e-12) and not reading.refused
    return reading.value is None and (row.expected == "unread" or reading.refused == (row.expected == "refused"))


def test_the_table_is_large_and_says_nothing_twice():
    assert len(ROWS) >= 300
    assert [pair for pair, count in Counter((row.answer, row.unit) for row in ROWS).items() if count > 1] == []


def test_every_row_of_the_table_makes_sense():
    for row in ROWS:
        assert row.metres is None or (math.isfinite(row.metres) and row.metres >= 0), row
        assert row.unit is None or row.unit in {unit.name for unit in UNITS}, row
        assert row.why, row


@pytest.mark.parametrize(
    ("expected", "share"),
    [
        pytest.param(None, 0.99, id="all rows"),
        pytest.param("length", 0.985, id="lengths"),
        pytest.param("none", 0.96, id="nothing to read"),
        pytest.param("refused", 0.9, id="refusals"),
    ],
)
def test_answers_are_read_as_a_careful_reader_would(expected, share):
    rows = [row for row in ROWS if expected in (None, row.expected)]
    misses = []
    for row in rows:
        reading = parse_length(row.answer, row.unit)
        if not is_right(row, reading):
            wanted = row.expected if row.metres is None else f"{row.metres:g} m"
            misses.append(f"line {row.line}: {row.answer!r} is {wanted} ({row.why}), read as {reading}")
    right = 1 - len(misses) / len(rows)
    assert right >= share, "\n".join([f"{len(misses)} of {len(rows)} misread", *misses])
