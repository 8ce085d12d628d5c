"""Which facts are asked: the shares, the weights, no repetition, and what is refused."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from fixtures.plain_facts import LENGTHS, PAPER, is_even
from fixtures.worlds.boxes import random_boxes
from fixtures.worlds.phrase_scenes import make_facts, make_scene
from spatialvlm.answers import YesNo
from spatialvlm.kinds import KIND_NAMES, KINDS
from spatialvlm.pipeline.measure import measure
from spatialvlm.pipeline.phrase.references import Reference
from spatialvlm.pipeline.phrase.sampling import askable, draw
from spatialvlm.records import Fact, Facts

FACTS = make_facts(make_scene())
ALL = range(len(FACTS))
PLAIN = [Reference(name, f"the {name}") for name in FACTS.object_ids]


def drawn(facts=FACTS, seed=0, *, count=20, quantitative=0.5, similar=0.1, gravity=True, rows=None) -> list[Fact]:
    chosen = draw(
        facts,
        np.arange(len(facts)) if rows is None else rows,
        np.random.default_rng(seed),
        count=count,
        quantitative_share=quantitative,
        similar_share=similar,
        gravity=gravity,
    )
    assert len(set(chosen)) == len(chosen)
    return facts.at(chosen)


def quantitative(facts: list[Fact]) -> int:
    return sum(KINDS[fact.kind].family == "quantitative" for fact in facts)


def key(fact):
    """What a fact is about: left of and right of the same two say the same."""
    kind = KINDS[fact.kind]
    return kind.form.name, kind.quantity, bool(kind.sign), frozenset(fact.subjects)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_the_family_has_its_share(share):
    facts = [fact for seed in range(40) for fact in drawn(seed=seed, count=15, quantitative=share)]
    assert len(facts) == 40 * 15
    assert quantitative(facts) == pytest.approx(share * len(facts), abs=0.02 * len(facts))


def test_the_other_family_fills_in():
    lengths = [row for row in ALL if FACTS[row].kind in LENGTHS]
    facts = drawn(rows=np.array([0, 100, *lengths]), count=50)  # rows 0 and 100 are comparisons
    assert len(facts) == 50
    assert quantitative(facts) == 48


@pytest.mark.parametrize("gravity", [False, True])
def test_kinds_come_as_often_as_they_weigh(gravity):
    counts = Counter(fact.kind for seed in range(400) for fact in drawn(seed=seed, gravity=gravity))
    for family in ("qualitative", "quantitative"):
        weights = {name: KINDS[name].weights[gravity] for name in PAPER if KINDS[name].family == family}
        total, asked = sum(weights.values()), sum(counts[name] for name in weights)
        for name, weight in weights.items():
            share = weight / total
            assert abs(counts[name] / asked - share) <= 4 * np.sqrt(share * (1 - share) / asked), name


def test_nothing_is_asked_twice_and_in_the_end_everything_once():
    facts = drawn(count=5000, similar=1.0)
    keys = [key(fact) for fact in facts]
    assert len(set(keys)) == len(keys)
    assert set(keys) == set(map(key, FACTS))


def test_true_and_false_are_balanced():
    values = Counter(fact.answer for seed in range(300) for fact in drawn(seed=seed) if "predicate" in fact.kind)
    decided = values[YesNo(True)] + values[YesNo(False)]
    assert values[YesNo(True)] == pytest.approx(decided / 2, abs=2 * np.sqrt(decided))


def test_about_the_same_does_not_flood():
    flooded = make_facts(make_scene(), similar_below=1.0)
    plenty = np.mean(flooded.outcome[flooded.kind < 30] == 0)
    assert plenty > 0.4
    facts = [fact for seed in range(200) for fact in drawn(flooded, seed) if fact.kind not in LENGTHS]
    assert 0.06 < np.mean([is_even(fact.answer) for fact in facts]) < 0.14
    for kind in ("above_predicate", "left_right_classify"):
        values = [is_even(fact.answer) for fact in drawn(flooded, count=5000) if fact.kind == kind]
        assert sum(values) <= 0.1 * len(values) + 1
    level = replace(FACTS, outcome=np.zeros_like(FACTS.outcome))
    assert quantitative(drawn(level, count=10)) == 10


def test_facts_about_the_nameless_are_counted_not_asked():
    references = [Reference("o0", None, "reference_group"), *PLAIN[1:]]
    rows, refusals = askable(FACTS, references, frozenset(KIND_NAMES))
    about = [row for row in ALL if "o0" in FACTS[row].subjects]
    assert set(rows.tolist()) == set(ALL) - set(about)
    assert refusals == Counter((FACTS[row].kind, "unnamed") for row in about)


@pytest.mark.parametrize(
    ("says", "quantities"),
    [
        ((("x", -1),), {"x"}),
        ((("bottom", 1), ("y", 1)), {"bottom", "y"}),
        ((("height", 1),), {"height"}),
    ],
)
def test_names_that_answer_the_question_are_counted_not_asked(says, quantities):
    opposite = tuple((quantity, -sign) for quantity, sign in says)
    references = [replace(PLAIN[0], says=says), replace(PLAIN[1], says=opposite), *PLAIN[2:]]
    rows, refusals = askable(FACTS, references, frozenset(KIND_NAMES))
    withheld = [FACTS[row] for row in set(ALL) - set(rows.tolist())]
    sided = quantities != {"height"}  # a side in one name tells against everything else
    least = 1 if sided else 2
    assert all(len({"o0", "o1"} & set(fact.subjects)) >= least for fact in withheld)
    assert {KINDS[fact.kind].quantity for fact in withheld} == quantities
    assert refusals == Counter((fact.kind, "given_away") for fact in withheld)
    kept = FACTS.at(rows.tolist())
    for fact in (f for f in kept if KINDS[f.kind].quantity in quantities):
        kind, shared = KINDS[fact.kind], len({"o0", "o1"} & set(fact.subjects))
        assert shared < (1 if kind.quantity in ("x", "y") and not kind.form.directed else 2), fact


def test_only_the_wanted_kinds_are_asked_and_the_others_are_no_refusal():
    rows, refusals = askable(FACTS, PLAIN, frozenset(("gap", "left_choice")))
    assert {fact.kind for fact in drawn(rows=rows, count=100)} == {"gap", "left_choice"}
    assert not refusals


@pytest.mark.parametrize("count", [0, 20])
def test_no_facts_no_questions(count):
    empty: Facts = make_facts(make_scene(()))
    rows, refusals = askable(empty, [], frozenset(KIND_NAMES))
    assert not refusals
    assert drawn(empty, rows=rows, count=count) == []
    assert drawn(count=0) == []


def test_who_has_a_role_of_its_own_makes_another_question():
    facts = measure(random_boxes(1), kinds=["between", "perspective_side"])
    asked = [(fact.kind, fact.subjects[0], tuple(sorted(fact.subjects))) for fact in drawn(facts, count=500)]
    assert sorted(map(str, asked)) == sorted({str((f.kind, f.subjects[0], tuple(sorted(f.subjects)))) for f in facts})
    assert len({(kind, all_three) for kind, _, all_three in asked}) < len(asked)
