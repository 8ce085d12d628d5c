"""How far annotators agree: figures worked out by hand."""

import math
from itertools import starmap

import pytest

from spatialvlm.annotate.agreement import (
    DecisionCounts,
    agreement_report,
    choice_pairs,
    compare_labels,
    compare_lengths,
    count_decisions,
    length_pairs,
    pair_answers,
    pipeline_decisions,
    yes_no_pairs,
)
from spatialvlm.annotate.decisions import Decision, DecisionFile, PipelineQuestion

OPTIONS = ("the mug", "the lamp")


def kept(frame, who, answer, form="length", value: float | str = 0.5, question="How far?", options=()):
    proposed = PipelineQuestion(question, "distance", "so far", value)
    return Decision(frame, who, "keep", proposed, question, answer, form, options, "distance")


def test_lengths_within_a_factor_whichever_is_divided_by_the_other():
    # ratios 2, 1/2, 1.25, 0.8, 3 and 1: five within a factor of 2, three within 1.25
    found = compare_lengths([(2.0, 1.0), (1.0, 2.0), (1.25, 1.0), (0.8, 1.0), (3.0, 1.0), (1.0, 1.0)])
    assert found is not None
    assert found.pairs == 6
    assert found.within_2 == pytest.approx(5 / 6)
    assert found.within_25_percent == pytest.approx(3 / 6)
    assert found.median_log_ratio == pytest.approx((math.log(1.25) + math.log(2)) / 2)


def test_zero_agrees_with_zero_alone():
    found = compare_lengths([(0.0, 0.0), (0.0, 1.0), (0.0, 0.0)])
    assert found is not None
    assert (found.within_2, found.within_25_percent, found.median_log_ratio) == (2 / 3, 2 / 3, 0)


def test_kappa_takes_off_what_chance_shares():
    # 20 yes-yes, 15 no-no, 5 yes-no, 10 no-yes: 70 % agree; chance 0.5 * 0.6 + 0.5 * 0.4 = 0.5; kappa 0.2 / 0.5
    found = compare_labels([("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15)
    assert found is not None
    assert (found.pairs, found.agree) == (50, pytest.approx(0.7))
    assert found.kappa == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("values", "kappa"),
    [
        ([("yes", "yes"), ("no", "no")], 1.0),
        ([("yes", "no"), ("no", "yes")], -1.0),
        ([("yes", "yes"), ("yes", "no")], 0.0),
        ([("yes", "yes")] * 3, None),  # by chance they would be as alike
    ],
)
def test_kappa_at_its_ends(values, kappa):
    found = compare_labels(values)
    assert found is not None
    assert found.kappa == kappa


def test_nothing_compares_to_nothing():
    assert compare_lengths([]) is None
    assert compare_labels([]) is None


def test_only_answers_to_the_same_question_are_compared():
    anna = [
        kept("1", "anna", "60 cm"),
        kept("2", "anna", "1 m"),
        kept("3", "anna", None),
        kept("4", "anna", "2 m"),
        Decision("5", "anna", "skip"),
        Decision("6", "anna", "rewrite", None, "How far  is it?", "2 feet", "length"),
    ]
    ben = [
        kept("1", "ben", "2 feet"),
        kept("2", "ben", "1 m", question="How wide?"),
        kept("3", "ben", "1 m"),
        kept("5", "ben", "1 m"),
        Decision("6", "ben", "rewrite", None, "how far is it?", "1 m", "length"),
    ]
    found = pair_answers(anna, ben)
    assert [(one.frame, other.frame) for one, other in found] == [("1", "1"), ("6", "6")]
    assert length_pairs(found) == [(0.6, pytest.approx(0.6096)), (pytest.approx(0.6096), 1.0)]


def test_answers_are_compared_by_their_forms():
    both = [
        (kept("1", "a", "yes", "yes_no"), kept("1", "b", "no", "yes_no")),
        (kept("2", "a", "the lamp", "choice", options=OPTIONS), kept("2", "b", "The mug", "choice", options=OPTIONS)),
        (kept("3", "a", "1 m"), kept("3", "b", "2 m")),
    ]
    found = [pair for one, other in both for pair in pair_answers([one], [other])]
    assert yes_no_pairs(found) == [("yes", "no")]
    assert choice_pairs(found) == [("1", "0")]
    assert length_pairs(found) == [(1.0, 2.0)]


def test_the_pipeline_answers_what_it_proposed():
    decisions = [
        kept("1", "anna", "60 cm", value=0.412),
        kept("2", "anna", "no", "yes_no", value="yes"),
        Decision(
            "3", "anna", "rewrite", PipelineQuestion("How far?", "distance", "1 m", 1.0), "How tall?", "1 m", "length"
        ),
    ]
    own = pipeline_decisions(decisions)
    assert [(one.frame, one.answer) for one in own] == [("1", "0.412 m"), ("2", "yes")]
    assert length_pairs(pair_answers(decisions, own)) == [(0.6, 0.412)]


def test_counts_of_what_was_done():
    made = [kept("1", "anna", "1 m"), kept("2", "anna", None), Decision("3", "anna", "skip"), kept("1", "ben", "1 m")]
    assert count_decisions(made) == {"anna": DecisionCounts(2, 0, 1, 1), "ben": DecisionCounts(1, 0, 0, 0)}


def test_the_report_says_it_all(tmp_path):
    path = tmp_path / "human.jsonl"
    both = ["yes", "no", "yes", "no"], ["yes", "no", "yes", "yes"]
    with DecisionFile(path) as answers:
        for who, metres, said in zip(("anna", "ben"), ("1 m", "120 cm"), both, strict=True):
            answers.add(kept("far", who, "9 m"))
            answers.add(kept("far", who, metres, value=3.0))
            for number, word in enumerate(said):
                answers.add(kept(f"is {number}", who, word, "yes_no", "yes", "Is it?"))
        answers.add(Decision("none", "ben", "skip"))
    text = agreement_report(path)
    rows = [" ".join(line.split()) for line in text.splitlines()]
    assert rows[0] == "human.jsonl: 6 images, 2 annotators"
    assert "anna 5 0 0 0" in rows
    assert "ben 5 0 1 0" in rows
    assert "anna and ben 1 100.0 % 100.0 % 0.182" in rows
    assert "anna and the pipeline 1 0.0 % 0.0 % 1.099" in rows
    assert "anna and ben 4 75.0 % 0.50" in rows  # chance 1/2 * 3/4 + 1/2 * 1/4 = 1/2
    assert "ben and the pipeline 4 75.0 % 0.00" in rows
    columns = [{len(line) for line in block.splitlines()} for block in text.split("\n\n")[1:-1]]
    assert list(starmap(lambda *lengths: len(lengths), columns)) == [1] * len(columns)


def test_a_report_of_one_annotator_and_nothing_to_compare(tmp_path):
    path = tmp_path / "human.jsonl"
    with DecisionFile(path) as answers:
        answers.add(Decision("a", "anna", "rewrite", None, "What?", "red", "text"))
    text = agreement_report(path)
    assert text.startswith("human.jsonl: 1 image, 1 annotator\n")
    assert "pairs" not in text
