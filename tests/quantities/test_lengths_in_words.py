"""Lengths in words: the laws of speaking and reading, the paper's frequencies, and the traps of reading."""

import math
import random
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spatialvlm
from fixtures import plain_facts
from spatialvlm.errors import ContractError
from spatialvlm.kinds import KINDS
from spatialvlm.quantities import (
    CENTIMETER,
    FOOT,
    INCH,
    KILOMETER,
    METER,
    MILE,
    MILLIMETER,
    UNITS,
    YARD,
    Spoken,
    ask_unit,
    parse,
    speak,
)

NAMED = (METER, CENTIMETER, FOOT, INCH)
TEMPLATES = Path(spatialvlm.__file__).parent / "pipeline" / "phrase" / "templates"
LENGTHS = sorted(plain_facts.LENGTHS)

unit_interval = st.floats(0, 1, exclude_max=True)
draws = st.tuples(unit_interval, unit_interval, unit_interval)
lengths = st.floats(math.log(0.01), math.log(100)).map(math.exp)
errors = st.floats(0, 2)
named = st.sampled_from((None, *NAMED))


def sample(value_m: float, error_m: float, count: int = 20_000, seed: int = 7) -> list[Spoken]:
    dice = random.Random(seed)
    return [speak(value_m, error_m, (dice.random(), dice.random(), dice.random())) for _ in range(count)]


def share(said: list[Spoken], *values_m: float, system: str = "metric") -> float:
    hits = sum(any(math.isclose(s.value_m, v) for v in values_m) and s.unit.system == system for s in said)
    return hits / len(said)


# ---- laws


@settings(max_examples=500)
@given(lengths, errors, draws, named)
def test_what_is_said_is_read_back_within_its_rounding(value_m, error_m, draw, unit):
    said = speak(value_m, error_m, draw, unit)
    read = parse(said.text)
    assert read is not None
    assert abs(read - said.value_m) < 1e-9
    assert abs(read - value_m) <= said.rounding_m + 1e-9


@settings(max_examples=300)
@given(lengths, errors, draws, named)
def test_the_named_unit_is_the_unit_of_the_answer(value_m, error_m, draw, unit):
    said = speak(value_m, error_m, draw, unit)
    assert said.unit in NAMED
    if unit is not None:
        assert said.unit is unit
    words = {said.unit.name, said.unit.plural, said.unit.symbol}
    assert said.text.split()[-1] in words


@settings(max_examples=300)
@given(lengths, errors, draws, named)
def test_speaking_depends_on_nothing_but_its_arguments(value_m, error_m, draw, unit):
    assert speak(value_m, error_m, draw, unit) == speak(value_m, error_m, list(draw), unit)


@settings(max_examples=500)
@given(lengths, errors, st.floats(0, 0.99), unit_interval)
def test_plain_rounding_stays_within_22_percent(value_m, error_m, second, third):
    """Metric from 1 cm, imperial from 1 inch."""
    assert abs(speak(value_m, error_m, (0.5, second, third)).value_m - value_m) <= 0.22 * value_m
    if value_m >= 0.0254:
        assert abs(speak(value_m, error_m, (0.1, second, third)).value_m - value_m) <= 0.22 * value_m


@pytest.mark.parametrize(
    ("error_m", "sayable"),
    [
        (0.005, {1.0, 0.9, 0.85, 0.86}),
        (0.02, {1.0, 0.9, 0.85}),
        (0.06, {1.0, 0.9}),
        (0.2, {1.0}),
    ],
)
def test_the_finer_minority_is_no_finer_than_the_error(error_m, sayable):
    """Only the digits that the 1-sigma error leaves standing are said."""
    assert {round(s.value_m, 9) for s in sample(0.86, error_m) if s.unit.system == "metric"} == sayable


@given(lengths, draws, named)
def test_grammar(value_m, draw, unit):
    text = speak(value_m, 0.0, draw, unit).text
    bare = re.sub(r"^(about|around|roughly) ", "", text)
    amount, word = bare.rsplit(" ", 1)
    if amount in ("1", "half a", "half an"):
        assert word in {u.name for u in NAMED} | {"cm"}
    else:
        assert word in {u.plural for u in NAMED} | {"m", "cm", "ft"}
    assert amount != "0"
    assert ("half an" in text) == ("half an inch" in text)
    assert len(re.sub(r"\D", "", amount).strip("0")) <= 2  # no false precision: two figures at most


@settings(max_examples=300)
@given(st.floats(0.01, 30), draws, unit_interval)
def test_a_named_unit_suits_the_length(value_m, draw, which):
    unit = ask_unit(value_m, which)
    assert unit in NAMED
    assert 0.3 <= value_m / unit.metres <= 200
    assert 0 < speak(value_m, 0.01, draw, unit).value_m / unit.metres <= 250


# ---- the paper's facts, as frequencies


def test_86_cm_is_one_meter_in_three_of_four():
    said = sample(0.86, 0.02, count=100_000)
    assert 0.73 <= share(said, 1.0) <= 0.77
    assert 0.73 <= sum("1 meter" in s.text for s in said) / len(said) <= 0.77
    imperial = sum(s.unit.system == "imperial" for s in said) / len(said)
    assert 0.19 <= imperial <= 0.21
    assert share(said, 3 * 0.3048, system="imperial") >= 0.9 * imperial
    finer = share(said, 0.9, 0.85)
    assert 0.04 <= finer <= 0.06
    assert share(said, 0.9) > 0.01


def test_23_m_is_mostly_20_m():
    said = sample(23.0, 0.5)
    assert share(said, 20.0) > 0.7
    assert share(said, 25.0) > share(said, 23.0) > 0.005


def test_nobody_says_95_cm_but_one_meter():
    said = sample(0.95, 0.02)
    assert share(said, 1.0) > 0.73
    assert share(said, 0.95) < 0.03


def test_half_a_meter_occurs():
    texts = Counter(s.text for s in sample(0.52, 0.02))
    assert texts["half a meter"] > 1000
    assert texts["around half a meter"] > 300
    assert texts["50 cm"] > 300


def test_the_same_pattern_at_other_lengths():
    assert share(sample(0.234, 0.01), 0.2, 0.25) > 0.75
    assert share(sample(0.043, 0.002), 0.04) > 0.75
    assert share(sample(1.4, 0.05), 1.5) > 0.75
    assert share(sample(0.0305 * 4, 0.005), 0.1, 0.15) > 0.75
    assert share(sample(0.61, 0.02), 2 * 0.3048, system="imperial") > 0.15
    assert share(sample(0.2, 0.02), 8 * 0.0254, system="imperial") > 0.15


def test_a_large_error_leaves_only_plain_speech():
    assert {round(s.value_m, 4) for s in sample(0.234, 0.3)} == {0.2, round(9 * 0.0254, 4)}


def test_short_answers_prevail_and_wordings_vary():
    texts = Counter(s.text for s in sample(0.6, 0.02))
    bare = sum(count for text, count in texts.items() if text[0].isdigit())
    assert 0.55 < bare / 20_000 < 0.75
    assert {"60 cm", "60 centimeters", "about 60 cm", "around 60 centimeters", "2 feet", "roughly 2 feet"} <= set(texts)


def test_a_fifth_of_the_named_units_is_imperial():
    dice = random.Random(3)
    for value_m in (0.05, 0.35, 0.6, 1.5, 4.0, 30.0):
        units = [ask_unit(value_m, dice.random()) for _ in range(10_000)]
        assert 0.18 < sum(unit.system == "imperial" for unit in units) / 10_000 < 0.22
    assert {ask_unit(0.02, n / 100) for n in range(100)} == {CENTIMETER, INCH}
    assert {ask_unit(1.0, n / 100) for n in range(100)} == {CENTIMETER, METER, FOOT}
    assert {ask_unit(20.0, n / 100) for n in range(100)} == {METER, FOOT}


# ---- edges


def test_the_ends_of_the_range():
    assert speak(0.001, 0.0, (0.5, 0.9, 0.0)).text == "half a centimeter"
    assert speak(0.0, 0.0, (0.5, 0.5, 0.5)) == Spoken("0 centimeters", 0.0, 0.0, CENTIMETER)
    assert speak(0.0, 0.0, (0.5, 0.5, 0.5), FOOT).text == "0 feet"
    assert speak(1234.0, 1.0, (0.5, 0.9, 0.0)).text == "1000 meters"
    assert speak(1e6, 0.0, (0.5, 0.9, 0.0)).value_m == 1e6


@pytest.mark.parametrize(
    ("value_m", "error_m", "draw"),
    [
        (-0.1, 0.0, (0.5, 0.5, 0.5)),
        (math.nan, 0.0, (0.5, 0.5, 0.5)),
        (math.inf, 0.0, (0.5, 0.5, 0.5)),
        (2e6, 0.0, (0.5, 0.5, 0.5)),
        (1.0, -0.1, (0.5, 0.5, 0.5)),
        (1.0, math.nan, (0.5, 0.5, 0.5)),
        (0.0, math.nan, (0.5, 0.5, 0.5)),
        (1.0, 0.1, (0.5, 0.5, 1.0)),
    ],
)
def test_what_is_no_length_is_refused(value_m, error_m, draw):
    with pytest.raises(ContractError, match="cannot say the length"):
        speak(value_m, error_m, draw)


@pytest.mark.parametrize("unit", [MILLIMETER, KILOMETER, YARD, MILE])
@pytest.mark.parametrize("value_m", [0.0, 1.0])
def test_units_that_are_only_read_are_not_said(unit, value_m):
    with pytest.raises(ContractError, match=unit.plural):
        speak(value_m, 0.0, (0.5, 0.5, 0.5), unit)


# ---- reading


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_is_read_by_name_plural_and_symbol(unit):
    for word in (unit.name, unit.plural, unit.symbol):
        assert parse(f"2.5 {word}") == pytest.approx(2.5 * unit.metres)
        assert parse(f"It is 2.5 {word}.") == pytest.approx(2.5 * unit.metres)


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("1.5 m", 1.5),
        ("1.5 mm", 0.0015),
        ("60cm", 0.6),
        ("60 cm", 0.6),
        ("60 CM", 0.6),
        (".5 m", 0.5),
        ("1,200 mm", 1.2),
        ("1,200.5 mm", 1.2005),
        ("2 metres", 2.0),
        ("2 Kilometres away", 2000.0),
        ("50 centimeters", 0.5),
        ("half a meter", 0.5),
        ("Half a meter.", 0.5),
        ("half of a meter", 0.5),
        ("a half meter", 0.5),
        ("a quarter of a meter", 0.25),
        ("three quarters of a mile", 0.75 * 1609.344),
        ("half an inch", 0.0127),
        ("half a foot", 0.1524),
        ("a meter", 1.0),
        ("an inch", 0.0254),
        ("a foot", 0.3048),
        ("It is a foot away.", 0.3048),
        ("a foot above the table", 0.3048),
        ("a meter and a half", 1.5),
        ("a foot and a half", 1.5 * 0.3048),
        ("one and a half meters", 1.5),
        ("1 and a half meters", 1.5),
        ("Two and a half feet apart", 2.5 * 0.3048),
        ("two feet", 0.6096),
        ("3 feet", 0.9144),
        ("3 ft", 0.9144),
        ("3 ft.", 0.9144),
        ("3ft tall", 0.9144),
        ("10 in", 0.254),
        ("10 in.", 0.254),
        ("10in", 0.254),
        ("10in wide", 0.254),
        ("It is 10 in wide.", 0.254),
        ("10 in tall and red", 0.254),
        ("(10 in)", 0.254),
        ('10"', 0.254),
        ("5'", 1.524),
        ("5′", 1.524),
        ("5' 3\"", 1.6002),
        ("5'3\"", 1.6002),
        ("5 feet 3 inches", 1.6002),
        ("5 ft 3 in tall", 1.6002),
        ("1 meter and 20 cm", 1.2),
        ("about 60 cm", 0.6),
        ("~60 cm", 0.6),
        ('"60 cm"', 0.6),
        ("The gap is 60 cm, not 3 m.", 0.6),
        ("the 7 up can is 30 cm wide", 0.3),
        ("The 3M tape is 10 cm away.", 0.1),
        ("the sign 'Exit 24' is 2 m tall", 2.0),
        ('the "7" sign is 2 m tall', 2.0),
        ('the "exit 7" sign is 2 m tall', 2.0),
        ("the '5' key is 1 cm wide", 0.01),
        ("the 1980's radio is 20 cm wide", 0.2),
        ("there are 10 in the box, 30 cm apart", 0.3),
        ("the 5-foot pole is 30 cm wide", 0.3),
        ("a foot stool, 40 cm tall", 0.4),
        ("the dog in a yard is 2 m away", 2.0),
        ("3 m 5 m", 3.0),
    ],
)
def test_reading(text, metres):
    assert parse(text) == pytest.approx(metres)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "the 7 up can",
        "meters",
        "5 metersomething",
        "5 mugs",
        "10 in the box",
        "there are 10 in a row",
        "one in three",
        "5 inside",
        "5 m²",
        "5 m2",
        "5 m/s",
        "5 km/h",
        "-5 cm",
        "3-4 m",
        "12,5 cm",
        "1/2 m",
        "R2 m",
        'the "24"',
        "parking meter",
        "halfway",
        "a fraction of the way",
        "a footstool",
        "iPhone 5s",
        "4 min",
        "3 million",
    ],
)
def test_what_is_no_length_is_not_read(text):
    assert parse(text) is None


# ---- the templates of the lengths


def sections(kind: str) -> dict[str, list[str]]:
    lines = (TEMPLATES / f"{kind}.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith(f"# {kind}: ")
    found: dict[str, list[str]] = {}
    for block in "\n".join(lines[1:]).strip().split("\n\n"):
        name, *rest = block.splitlines()
        found[name] = rest
    return found


@pytest.mark.parametrize("kind", LENGTHS)
def test_length_templates_are_complete_and_clean(kind):
    found = sections(kind)
    questions, answers = found["question"], found["answer"]
    assert list(found) == ["question", "answer"]
    assert len(set(questions)) == len(questions) >= 20
    assert len(set(answers)) == len(answers) >= 10
    assert answers[:2] == ["[N]", "[N]."]
    assert 3 <= sum("[U]" in line for line in questions) <= 5
    subjects = KINDS[kind].subjects
    for line in questions:
        assert ("[A]" in line) is (subjects > 0)
        assert ("[B]" in line) is (subjects > 1)
        assert ("[P]" in line) is (kind in ("elevation", "camera_height"))
        assert line[-1] in "?."
    for line in answers:
        assert line.count("[N]") == 1
        assert "[U]" not in line
    for line in questions + answers:
        assert line == line.strip()
        assert "  " not in line
        assert not re.search(r"(?i)\b(the|a|an) \[|\]'s|radius|centre|metre|exactly|precise|toward\w*s\b", line)
        assert not re.search(r"(?i)(about|around|roughly|approximately|nearly) \[N\]", line)
        assert set(re.findall(r"\[.*?\]", line)) <= {"[A]", "[B]", "[N]", "[P]", "[U]"}


@pytest.mark.parametrize("kind", LENGTHS)
def test_length_answers_are_read_back(kind):
    dice = random.Random(kind)
    for line in sections(kind)["answer"]:
        for _ in range(60):
            value_m = math.exp(dice.uniform(math.log(0.01), math.log(30)))
            said = speak(value_m, 0.01, (dice.random(), dice.random(), dice.random()))
            filled = line.replace("[N]", said.text).replace("[P]", "the table top")
            filled = filled.replace("[A]", "the 7 up can with a 3M label").replace("[B]", 'the "24" sign in row 10')
            assert parse(filled) == pytest.approx(said.value_m), filled
