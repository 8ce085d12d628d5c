"""The readers against tables of answers written by hand apart from them; the head of each table has its rules."""

import math
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from spatialvlm.evaluate.items import AnswerReading
from spatialvlm.evaluate.parsing.angle_answers import parse_angle
from spatialvlm.evaluate.parsing.choice_answers import parse_choice
from spatialvlm.evaluate.parsing.length_answers import parse_length
from spatialvlm.evaluate.parsing.number_answers import parse_area, parse_clock, parse_count, parse_number
from spatialvlm.evaluate.parsing.order_answers import parse_order
from spatialvlm.evaluate.parsing.point_answers import parse_points
from spatialvlm.evaluate.parsing.refusals import parse_refusal
from spatialvlm.evaluate.parsing.yes_no_answers import parse_yes_no

ESCAPES = {r"\n": "\n", r"\t": "\t", r"\\": "\\"}
TABLES = {
    "blind": (200, "answer metres unit why"),
    "unseen": (320, "answer metres unit why"),
    "choices": (170, "answer options expected relation lettered why"),
    "yes_no": (90, "answer expected relation why"),
    "numbers": (80, "answer form expected why"),
    "points": (40, "answer size expected why"),
    "more_forms": (90, "answer form about expected why"),
    "composed": (285, "answer form about expected why"),
}


def unescape(text):
    return re.sub(r"\\(?:[nt\\]|u([0-9a-f]{4}))", lambda found: ESCAPES.get(found[0]) or chr(int(found[1], 16)), text)


def read_table(name):
    lines = Path(__file__).with_name(f"{name}.tsv").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    columns = TABLES[name][1].split()
    first = lines.index("\t".join(columns)) + 1
    for number, line in enumerate(lines[first:], first + 1):
        row = dict(zip(columns, line.split("\t"), strict=True))
        yield number, row | {"answer": unescape(row["answer"])}


def relation_of(row):
    return tuple(row["relation"].split("|")) if row["relation"] else None


def read_lengths(row):
    return row["metres"], parse_length(row["answer"], row["unit"] or None)


def read_choices(row):
    options = tuple(row["options"].split("|"))
    reading = AnswerReading(lettered=row["lettered"] == "true", relation=relation_of(row))
    return row["expected"], parse_choice(row["answer"], options, reading)


def read_yes_or_no(row):
    return row["expected"], parse_yes_no(row["answer"], relation_of(row))


def read_numbers(row):
    return row["expected"], {"number": parse_number, "clock": parse_clock}[row["form"]](row["answer"])


def read_places(row):
    if not row["size"]:
        return row["expected"], parse_points(row["answer"])
    width, height = map(int, row["size"].split("x"))
    return row["expected"], parse_points(row["answer"], (width, height))


def read_more_forms(row):
    about = row["about"].split("|")
    match row["form"]:
        case "order":
            return row["expected"], parse_order(row["answer"], about)
        case "angle":
            relation = ("the mug", "", *about) if row["about"] else None
            said = parse_angle(row["answer"], relation, ("the mug",))
            return row["expected"], said if said.value is None else replace(said, value=math.degrees(said.value))
        case _:
            return row["expected"], parse_refusal(row["answer"])


def read_composed(row):
    names = tuple(row["about"].split("|"))
    match row["form"]:
        case "clock":
            return row["expected"], parse_clock(row["answer"], names)
        case "count":
            return row["expected"], parse_count(row["answer"], names)
        case "pick":
            return row["expected"], parse_choice(row["answer"], names[1:], AnswerReading(lettered=False, names=names))
        case "sector":
            reading = AnswerReading(lettered=False, names=("the clock", "the armchair", "the sofa"))
            return row["expected"], parse_choice(row["answer"], names, reading)
        case "statement":
            return row["expected"], parse_yes_no(row["answer"], restated=True)
        case "length":
            return row["expected"], parse_length(row["answer"])
        case _:
            return read_more_forms(row)


READERS = {
    "blind": read_lengths,
    "unseen": read_lengths,
    "choices": read_choices,
    "yes_no": read_yes_or_no,
    "numbers": read_numbers,
    "points": read_places,
    "more_forms": read_more_forms,
    "composed": read_composed,
}


def is_right(expected, reading):
    match expected:
        case "told":
            return reading.value is True
        case order if "," in order:
            return reading.value == tuple(map(int, order.split(",")))
        case "none" | "refused":
            return reading.value is None and reading.refused == (expected == "refused")
        case "yes" | "no":
            return reading.value is (expected == "yes") and not reading.refused
        case _:
            return reading.value == pytest.approx(float(expected), rel=1e-6, abs=1e-12) and not reading.refused


def are_right_points(expected, reading):
    if expected == "none":
        return reading.value is None
    wanted = [tuple(map(float, point.split(","))) for point in expected.split("; ")]
    return (
        reading.value is not None
        and len(reading.value) == len(wanted)
        and all(math.dist(got, want) <= 1e-6 for got, want in zip(reading.value, wanted, strict=True))
    )


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_large_and_says_nothing_twice(name):
    rows = [row for _, row in read_table(name)]
    assert len(rows) >= TABLES[name][0]
    questions = Counter(tuple(row[key] for key in row if key not in ("expected", "metres", "why")) for row in rows)
    assert [question for question, count in questions.items() if count > 1] == []
    assert all(row["why"] for row in rows)


@pytest.mark.parametrize("name", TABLES)
def test_answers_are_read_as_careful_readers_would(name):
    rows = list(read_table(name))
    misses = []
    for line, row in rows:
        expected, reading = READERS[name](row)
        if not (are_right_points if name == "points" else is_right)(expected, reading):
            misses.append(f"line {line}: {row['answer']!r} is {expected} ({row['why']}), read as {reading}")
    right = 1 - len(misses) / len(rows)
    assert right >= 0.97, "\n".join([f"{len(misses)} of {len(rows)} misread", *misses])


@pytest.mark.parametrize(
    ("answer", "square_metres"),
    [
        ("25", 25),
        ("25 square meters", 25),
        ("The room measures 20 m².", 20),
        ("$20\\,\\text{m}^{2}$", 20),
        ("It is 18.5 m2, I think", 18.5),
        ("25平方米", 25),
        ("20 square meters (215 square feet)", 20),
        ("The area is 4.5 m by 4 m, so 18 square metres.", 18),
        ("5000 square centimetres", 0.5),
        ("5000 cm^2", 0.5),
        ("2000 square inches", 2000 * 0.0254**2),
        ("10 yards squared", 10 * 0.9144**2),
        ("about 215 sq ft", 215 * 0.3048**2),
        ("215 sq. ft.", 215 * 0.3048**2),
        ("300 FT²", 300 * 0.3048**2),
        ("300 ft2", 300 * 0.3048**2),
        ("Area (sq ft): 215", 215 * 0.3048**2),
        ("\\boxed{215} square feet", 215 * 0.3048**2),
        ('{"answer": "215 sqft"}', 215 * 0.3048**2),
        ("one hundred square feet", 100 * 0.3048**2),
        ("1,200 square feet", 1200 * 0.3048**2),
        ("200-220 square feet", 210 * 0.3048**2),
        ("between 200 and 220 sq ft", 210 * 0.3048**2),
        ("12 ft x 15 ft = 180 square feet", 180 * 0.3048**2),
    ],
)
def test_areas_are_read_in_the_units_that_they_are_said_in(answer, square_metres):
    assert parse_area(answer).value == pytest.approx(square_metres)


def test_areas_without_another_unit_are_read_as_numbers():
    rows = [row for _, row in read_table("numbers") if row["form"] == "number"]
    assert [parse_area(row["answer"]).value for row in rows] == [parse_number(row["answer"]).value for row in rows]
