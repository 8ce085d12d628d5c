"""Laws of the forms of question, over every kind: outcomes, sections, slots, labels, and what audits call right."""

import re
from itertools import permutations, product

import numpy as np
import pytest

from spatialvlm.answers import (
    NOWHERE,
    SAME,
    UNFRAMED,
    Angle,
    Answer,
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
from spatialvlm.dataset.counts import answer_label
from spatialvlm.kinds import KINDS, LETTERS, MIXES, Kind, Voice, even, forms, reordered
from spatialvlm.pipeline.phrase import load_sheet
from spatialvlm.quantities import INCH
from spatialvlm.records import Fact

IDS = ("7", "left", "2", "9")
NAMES = {"7": "the mug", "left": "the lamp", "2": "the plant", "9": "the book"}
SOMEWHERE = Region(((0.4, 0.5), (0.6, 0.5), (0.6, 0.8), (0.4, 0.8)))
FRAMED = BoundingBox(0.4, 0.5, 0.6, 0.8)
EVERY = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
LISTED = [kind for kind in KINDS.values() if kind.listed]
ANSWERS = {
    "predicate": (YesNo, Choice),
    "statement": (YesNo,),
    "choice": (Choice,),
    "classify": (Choice,),
    "pick": (Choice,),
    "sector": (Choice,),
    "ranking": (Order,),
    "length": (Length,),
    "length_if_told": (Length, CannotTell),
    "difference": (Length,),
    "angle": (Angle,),
    "count": (Count,),
    "class_count": (Count,),
    "clock": (Clock,),
    "region": (Region,),
    "bounding_box": (BoundingBox,),
}


def subjects_of(kind: Kind) -> tuple[str, ...]:
    return IDS[: kind.subjects + 3 * kind.listed]


def outcomes_of(kind: Kind) -> range:
    """All outcomes that a row of Facts may have."""
    match kind.form.name:
        case "predicate" | "choice" | "classify":
            return range(-1, 2)
        case "statement":
            return range(-1, 2, 2)
        case "angle":
            return range(-1, 2, 2) if kind.word else range(1)
        case "count":
            return range(4)
        case "class_count":
            return range(1, 6)
        case "clock":
            return range(1, 13)
        case "sector":
            return range(len(kind.words))
        case "length_if_told":
            return range(1 + len(kind.words))
    return range(1)


def fact_of(kind: Kind, outcome: int, number: float = 0.4) -> Fact:
    subjects = subjects_of(kind)
    answer = kind.answer(subjects, number, outcome)
    answer = SOMEWHERE if answer is NOWHERE else FRAMED if answer is UNFRAMED else answer  # Facts know where
    return Fact(kind.name, subjects, answer, 0.01, "world", 0.5 if kind.given else None)


def test_every_form_is_some_kinds():
    assert {kind.form.name for kind in KINDS.values()} == set(ANSWERS)
    assert {kind.form for kind in KINDS.values()} == {getattr(forms, name) for name in forms.__all__}
    assert len({kind.form.title for kind in KINDS.values()}) == len(ANSWERS)


@EVERY
def test_every_outcome_has_a_section_and_every_section_an_outcome(kind):
    sections = kind.form.sections(kind)
    assert next(iter(sections)) == "question"
    assert {kind.form.section(kind, outcome) for outcome in outcomes_of(kind)} == set(sections) - {"question"}


@EVERY
def test_every_outcome_is_an_answer_of_the_form(kind):
    for outcome in outcomes_of(kind):
        answer = fact_of(kind, outcome).answer
        assert isinstance(answer, ANSWERS[kind.form.name])
        assert kind.form.is_number == isinstance(answer, Length | Angle | CannotTell)
        assert kind.form.asks_for(answer).endswith(".")
        if kind.form.of_subjects:
            named = answer.options if isinstance(answer, Choice) else answer.items
            listed = subjects_of(kind)[kind.subjects * kind.listed :]
            assert [one for one in named if one != SAME] == list(listed)
    said = [fact_of(kind, outcome).answer for outcome in outcomes_of(kind)]
    assert len(set(said)) == len(said) or kind.form.is_number, "no two outcomes are told by the same answer"


@EVERY
@pytest.mark.parametrize("exact", [False, True])
def test_every_wording_is_filled(kind, exact):
    """Of every section, whatever the outcome that leads to it: no slot is left, no name is another's."""
    sheet = load_sheet(kind.name)
    for outcome in outcomes_of(kind):
        fact = fact_of(kind, outcome)
        names = [NAMES[subject] for subject in fact.subjects]
        values = {**dict(zip(kind.letters, names)), "P": "the floor", "K": "mugs", "S": "mug"}
        for unit in (None, INCH) if isinstance(fact.answer, Length) else (None,):
            values.update(kind.form.say(kind, fact, names, outcome, Voice((0.5, 0.5, 0.5), unit, exact)))
            for section in ("question", kind.form.section(kind, outcome)):
                for line in sheet.lines[section]:
                    text = line.fill(values)
                    assert not re.search(r"\[[A-Z]\]|%", text)
                    if section == "question":
                        assert all(name in text.lower() for name in names), text


@EVERY
def test_labels_are_what_answers_are_counted_as(kind):
    labels = kind.form.labels(kind)
    counted = {answer_label(fact_of(kind, outcome)) for outcome in outcomes_of(kind)}
    if kind.form.name == "pick":  # the right one is listed first until the list is shuffled
        counted = {answer_label(reordered(kind, fact_of(kind, 0), order)) for order in permutations(range(3))}
    if labels:
        assert counted - {None} == set(labels), "a number has no label"
        assert len(set(labels.values())) == len(labels)
    else:
        assert not counted & {"true", "false", "similar"}


# -- lists in another order --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", LISTED, ids=[kind.name for kind in LISTED])
def test_another_order_of_a_list_keeps_what_is_true(kind):
    fact = fact_of(kind, 2)
    fixed, listed = fact.subjects[: kind.subjects], fact.subjects[kind.subjects :]
    for order in permutations(range(len(listed))):
        moved = reordered(kind, fact, order)
        assert moved.subjects[: kind.subjects] == fixed
        assert moved.subjects[kind.subjects :] == tuple(listed[place] for place in order)
        assert (moved.kind, moved.error, moved.in_frame, moved.given) == (
            fact.kind,
            fact.error,
            fact.in_frame,
            fact.given,
        )
        assert said(moved.answer) == said(fact.answer)
        if isinstance(moved.answer, Choice):
            assert moved.answer.options == moved.subjects[kind.subjects :], "options stand as they are listed"
        back = [order.index(place) for place in range(len(order))]
        assert reordered(kind, moved, back) == fact


def said(answer: Answer) -> Answer | str:
    return answer.chosen if isinstance(answer, Choice) else answer


def test_kinds_beyond_the_paper_alone_list():
    assert {kind.name for kind in LISTED}.isdisjoint(MIXES["paper"])
    assert {kind.subjects + 3 for kind in LISTED} <= set(range(len(LETTERS) + 1))


# -- what is right -----------------------------------------------------------------------------------------------------


def holds(kind: Kind, outcome: int, *truth: float, floor: float = 0.1) -> bool:
    (right,) = kind.form.holds(kind, np.array([outcome], np.int8), np.array([truth]), np.array([floor])).tolist()
    return right


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.form.compares])
def test_a_comparison_is_right_by_the_sign_of_the_true_difference(name):
    kind = KINDS[name]
    for outcome, difference in product((-1, 1), (-0.3, 0.3)):
        assert holds(kind, outcome, difference) == (kind.sign * difference * outcome > 0)
    assert [holds(kind, 0, difference) for difference in (-0.3, -0.05, 0.0, 0.05, 0.3)] == [0, 1, 1, 1, 0]


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.form.is_number])
def test_numbers_are_never_wrong(name):
    assert holds(KINDS[name], 0, -5.0)
    assert holds(KINDS[name], 0, float("nan"))


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.form.name == "pick"])
def test_a_pick_is_right_where_the_first_is_the_extreme(name):
    kind = KINDS[name]
    for values in permutations((1.0, 2.0, 3.0)):
        best = (max if kind.sign > 0 else min)(values)
        assert holds(kind, 0, *values) == (values[0] == best)
        assert holds(kind, 0, *values, float("nan")) == (values[0] == best), "what is padded does not count"


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.form.name == "ranking"])
def test_a_ranking_is_right_in_one_order(name):
    kind = KINDS[name]
    right = [values for values in permutations((1.0, 2.0, 3.0)) if holds(kind, 0, *values)]
    assert right == [(1.0, 2.0, 3.0) if kind.sign > 0 else (3.0, 2.0, 1.0)]
    assert holds(kind, 0, *right[0], float("nan"))
    assert not holds(kind, 0, 1.0, 1.0, 1.0), "what is equal has no order"


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.form.name == "statement"])
def test_a_statement_is_right_by_the_sign(name):
    assert [holds(KINDS[name], outcome, truth) for outcome, truth in product((-1, 1), (-0.2, 0.2))] == [1, 0, 0, 1]


def test_a_count_is_right_as_it_is():
    assert [holds(KINDS["count_within"], 2, truth) for truth in (1.0, 2.0, 3.0)] == [False, True, False]


@pytest.mark.parametrize("name", ["clock_direction", "perspective_clock"])
def test_the_hour_is_the_nearest_one(name):
    for hour in range(1, 13):
        for off_deg in (-14.0, 0.0, 14.0):
            for turns in (-360.0, 0.0):
                bearing = np.deg2rad(30.0 * (hour % 12) + off_deg + turns)
                right = [other for other in range(1, 13) if holds(KINDS[name], other, bearing)]
                assert right == [hour]


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.form.name == "sector"])
def test_a_sector_is_right_by_its_place(name):
    places = range(len(KINDS[name].words))
    assert [[holds(KINDS[name], said, float(true)) for true in places] for said in places] == np.eye(
        len(places), dtype=bool
    ).tolist()


def test_too_even_to_tell():
    assert even("a", "b") == Choice(("a", "b", SAME), 2)
    assert KINDS["left_predicate"].answer(("1", "2"), 0.0, 0) == even("yes", "no")
    assert KINDS["left_choice"].answer(("1", "2"), 0.0, 0) == even("1", "2")
    assert KINDS["left_right_classify"].answer(("1", "2"), 0.0, 0) == even("left", "right")
