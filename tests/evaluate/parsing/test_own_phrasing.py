"""Whatever our own phrasing says, the readers read: of all wordings of all kinds, with names that mislead."""

from itertools import product

import numpy as np
import pytest

from spatialvlm.evaluate.items import Choice, YesNo
from spatialvlm.evaluate.parsing.choice_answers import parse_choice
from spatialvlm.evaluate.parsing.length_answers import parse_length
from spatialvlm.evaluate.parsing.yes_no_answers import parse_yes_no
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.phrase import load_sheet
from spatialvlm.quantities import ask_unit, speak

NAMES = (
    ("the mug", "the table lamp"),
    ("the chair on the left", "the chair on the right"),
    ("the can", "the small box"),
    ("the tall grey cabinet", "the short white cabinet at the bottom of the image"),
    ("the 7 up can", "the two-door wardrobe"),
    ("the back cushion", "the front door"),
)
FACTS = 20_000  # benchmarks/reading.py takes 100,000


@pytest.mark.slow
def test_every_length_is_read_as_it_was_said():
    rng = np.random.default_rng(0)
    sheets = [load_sheet(name) for name, kind in KINDS.items() if kind.form == "length"]
    values = np.exp(rng.uniform(np.log(0.01), np.log(50.0), FACTS)).tolist()
    draws, missed = rng.random((FACTS, 8)).tolist(), []
    for place, (value, draw) in enumerate(zip(values, draws, strict=True)):
        sheet = sheets[place % len(sheets)]
        question = sheet.question(draw[0])
        unit = ask_unit(value, draw[1]) if question.names_unit else None
        spoken = speak(value, value * 0.2 * draw[2], draw[3:6], unit)
        one, other = NAMES[place % len(NAMES)]
        fills = {"A": one, "B": other, "P": "the floor", "N": spoken.text, "U": ""}
        answer = sheet.answer("answer", draw[6], short=draw[7] < 0.5).fill(fills)
        read = parse_length(answer, unit.name if unit else None).value
        if read is None or abs(read - spoken.value_m) > 1e-9:
            missed.append((answer, spoken.value_m, read))
    assert missed == []


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.form != "length"])
def test_every_wording_of_a_comparison_is_read_as_it_is_meant(name: str):
    kind, sheet = KINDS[name], load_sheet(name)
    for (one, other), section in product(NAMES, sheet.lines):
        if section in ("question", "similar"):
            continue
        relation = (one, other, kind.word, kind.opposite)
        for line, first in product(sheet.lines[section], (True, False)):
            that, rest = (one, other) if first else (other, one)
            answer = line.fill({"A": one, "B": other, "X": that, "Y": rest, "P": "the floor", "N": "", "U": ""})
            if kind.form == "predicate":
                right = section == "true"
                assert parse_yes_no(answer, YesNo(right, relation)).value is right, answer
            elif kind.form == "choice":
                right = 0 if first else 1
                assert parse_choice(answer, Choice((one, other), right, False, relation)).value == right, answer
            else:
                right = 0 if section == kind.word else 1
                options = (kind.word, kind.opposite)
                assert parse_choice(answer, Choice(options, right, False, relation)).value == right, answer
