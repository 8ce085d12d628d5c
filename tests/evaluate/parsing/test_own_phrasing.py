"""Whatever our own phrasing says is right when it is scored: of all wordings of all kinds, with names that mislead."""

from itertools import permutations, product

import numpy as np
import pytest

from fixtures.evaluate.own_questions import outcomes, said
from spatialvlm.answers import Length
from spatialvlm.evaluate.own_scoring import score
from spatialvlm.evaluate.parsing.length_answers import parse_length
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.phrase import load_sheet
from spatialvlm.quantities import ask_unit, speak

NAMES = (
    ("the mug", "the table lamp", "the box", "the red chair"),
    ("the chair on the left", "the chair on the right", "the sofa", "the vase"),
    ("the can", "the small box", "the big box", "the two-door wardrobe"),
    ("the tall grey cabinet", "the short white cabinet at the bottom of the image", "the plant", "the front door"),
    ("the 7 up can", "the two-door wardrobe", "the back cushion", "the bin"),
    ("the back cushion", "the front door", "the left shoe", "the can"),
)
FACTS = 5_000  # benchmarks/answers.py takes 100,000


@pytest.mark.slow
def test_every_length_is_read_as_it_was_said():
    rng = np.random.default_rng(0)
    kinds = [name for name, kind in KINDS.items() if isinstance(kind.answer(("a", "b"), 1.0, 1), Length)]
    sheets = [load_sheet(name) for name in kinds]
    values = np.exp(rng.uniform(np.log(0.01), np.log(50.0), FACTS)).tolist()
    draws, missed = rng.random((FACTS, 8)).tolist(), []
    for place, (value, draw) in enumerate(zip(values, draws, strict=True)):
        sheet = sheets[place % len(sheets)]
        question = sheet.question(draw[0])
        unit = ask_unit(value, draw[1]) if question.names_unit else None
        spoken = speak(value, value * 0.2 * draw[2], draw[3:6], unit)
        one, other, *_ = NAMES[place % len(NAMES)]
        fills = {"A": one, "B": other, "P": "the floor", "N": spoken.text, "U": ""}
        answer = sheet.answer("answer", draw[6], short=draw[7] < 0.5).fill(fills)
        read = parse_length(answer, unit.name if unit else None).value
        if read is None or abs(read - spoken.value_m) > 1e-9:
            missed.append((answer, spoken.value_m, read))
    assert missed == []


@pytest.mark.parametrize("name", KINDS)
def test_every_wording_is_right_and_wrong_where_something_else_is(name: str):
    kind, missed = KINDS[name], []
    for some, (number, outcome) in product(NAMES, outcomes(kind)):
        for names in list(permutations(some))[::7]:
            for qa in said(kind, names, number, outcome):
                got = score(qa, qa.answer)
                if got.value != 1.0:
                    missed.append((qa.answer, qa.value, got))
    assert missed == []
