"""Ways of asking: a question asked openly in, the same asked in another way out.

    choice    "How far is ...? (A) 20 cm (B) 35 cm (C) 60 cm (D) 1 m"       "(C) 60 cm"
    yes_no    "How far is ...? Is it more than 35 cm?"                      "Yes."
    json      "How far is ...? Answer as JSON: {"meters": number}"          {"meters": 0.61}

The fact stays the same; `QA.value` becomes what the new question asks for. An answer that a way does not suit is asked
in another one of those wanted, and openly where none suits.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

import numpy as np

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
)
from spatialvlm.kinds import KINDS, Kind
from spatialvlm.pipeline.phrase.distractors import (
    HOURS_APART,
    SHOWN,
    UNIT_NAMED,
    numbers_around,
    options_of,
    other_counts,
    own_options,
    spoken,
)
from spatialvlm.quantities import METER, exact_number
from spatialvlm.records import QA

Way = Literal["open", "choice", "yes_no", "json"]
WAYS: tuple[Way, ...] = get_args(Way)

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CHOSEN = ("({letter}) {text}", "{letter}. {text}", "({letter})", "{letter}.", "The answer is ({letter}).")


def ask_in_a_way(qa: QA, ways: Sequence[Way], rng: np.random.Generator, *, exact: bool = False) -> QA:
    """Ask a question that was asked openly in one of some ways: each that suits its answer is equally likely."""
    for place in rng.permutation(len(ways)).tolist():
        asked = _ask(qa, KINDS[qa.kind], ways[place], rng, exact=exact)
        if asked is not None:
            return asked
    return qa


def _ask(qa: QA, kind: Kind, way: Way, rng: np.random.Generator, *, exact: bool) -> QA | None:
    """Ask in one way; None where it does not suit the answer."""
    match way:
        case "open":
            return qa
        case "choice":
            return _as_choice(qa, kind, rng, exact=exact)
        case "yes_no":
            return _as_yes_no(qa, kind, rng, exact=exact)
        case "json":
            return _as_json(qa, kind)


def _as_choice(qa: QA, kind: Kind, rng: np.random.Generator, *, exact: bool) -> QA | None:
    options = options_of(qa, kind, rng, exact=exact)
    if options is None or len(set(options)) < max(2, len(options)):
        return None
    order = rng.permutation(len(options)).tolist()
    shown, right = tuple(options[place] for place in order), order.index(0)
    wording = int(rng.integers(len(_CHOSEN)))
    question = " ".join([qa.question, *(f"({letter}) {text}" for letter, text in zip(_LETTERS, shown))])
    answer = _CHOSEN[wording].format(letter=_LETTERS[right], text=shown[right])
    return _asked_as("choice", qa, question, answer, wording, value=Choice(shown, right))


def _as_yes_no(qa: QA, kind: Kind, rng: np.random.Generator, *, exact: bool) -> QA | None:
    """Ask about a value that is the right one, or beyond a limit, in one of two cases."""
    yes = bool(rng.integers(2))
    match qa.value:
        case YesNo():
            statement, yes = "Answer yes or no.", qa.value.yes
        case Length() | Angle() as number:
            series = numbers_around(number, qa, rng, exact=exact)
            if series is None:
                return None
            steps = 1 + int(rng.integers(2))
            statement = f"Is it more than {series[SHOWN - 1 + (-steps if yes else steps)].text}?"
        case Count(number):
            near = [n for n in other_counts(number, qa, kind, rng) if abs(n - number) == 1]
            statement = f"Is it {number if yes else near[int(rng.integers(len(near)))]}?"
        case Clock(hour):
            later = 0 if yes else int(rng.integers(HOURS_APART, 13 - HOURS_APART))
            statement = f"Is it at {(hour + later - 1) % 12 + 1} o'clock?"
        case Choice() as choice:
            others = [option for option in choice.options if option not in (choice.chosen, SAME)]
            if choice.chosen == SAME or not others:
                return None
            option = choice.chosen if yes else others[int(rng.integers(len(others)))]
            statement = f"Is it {spoken(option, kind)}?"
        case Order(items):
            if len(items) < 2:
                return None
            order = list(items)
            while not yes and tuple(order) == items:
                order = [items[place] for place in rng.permutation(len(items)).tolist()]
            statement = f"Is it in this order: {', '.join(order)}?"
        case Area() | Region() | BoundingBox() | CannotTell():
            return None
    wording = int(rng.integers(2))
    answer = ("Yes" if yes else "No") + (".", "")[wording]
    return _asked_as("yes_no", qa, f"{qa.question} {statement}", answer, wording, value=YesNo(yes))


def _as_json(qa: QA, kind: Kind) -> QA | None:
    """Ask for an object with one key: the unit of a number, `answer` of anything else; a turn has a direction too."""
    unit = qa.unit
    match qa.value:
        case Length(metres):
            said = UNIT_NAMED[unit] if unit else METER
            unit = said.name
            schema, answer = _number(said.plural, metres / said.metres, qa.fact.error / said.metres)
        case Angle(radians):
            schema, answer = _number("degrees", abs(math.degrees(radians)), math.degrees(qa.fact.error))
            if kind.word:
                schema = f'{schema[:-1]}, "direction": "{kind.word}" | "{kind.opposite}"}}'
                side = kind.word if radians > 0 else kind.opposite
                answer = f'{answer[:-1]}, "direction": "{side}"}}'
        case Count(number):
            schema, answer = '{"answer": number}', f'{{"answer": {number}}}'
        case Clock(hour):
            schema, answer = '{"answer": hour}', f'{{"answer": {hour}}}'
        case YesNo() | Choice():
            own = own_options(qa.value, kind)
            schema = f'{{"answer": {" | ".join(map(_quoted, own.options))}}}'
            answer = f'{{"answer": {_quoted(own.options[own.right])}}}'
        case Order(items):
            schema, answer = '{"answer": [name, ...]}', f'{{"answer": [{", ".join(map(_quoted, items))}]}}'
        case Area() | Region() | BoundingBox() | CannotTell():
            return None
    return replace(
        _asked_as("json", qa, f"{qa.question} Answer as JSON: {schema}", answer, 0, value=qa.value), unit=unit
    )


def _number(key: str, number: float, error: float) -> tuple[str, str]:
    return f'{{"{key}": number}}', f'{{"{key}": {exact_number(number, error):.10g}}}'


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _asked_as(way: Way, qa: QA, question: str, answer: str, wording: int, *, value: Answer) -> QA:
    template = f"{qa.template.rpartition('/')[0]}/{way}{wording + 1:02d}"
    return replace(qa, question=question, answer=answer, template=template, value=value, asked_as=way)
