"""Figures against ones derived by hand, and the laws that hold of any run."""

import json
import math

import numpy as np
import pytest

from fixtures.evaluate.fabricated import (
    LENGTHS,
    LETTERS,
    MIXED,
    SQUARE,
    TASKS,
    item,
    scored_lengths,
    scored_letters,
    scored_mixed,
    write_results,
)
from spatialvlm.answers import Choice, Clock, Length, Region, YesNo
from spatialvlm.evaluate.report.figures import figures_of, normal, summary_of, write_summary
from spatialvlm.evaluate.results import read_results
from spatialvlm.evaluate.scoring import score_item

ANSWERS = (
    "1 m",
    "1.1 m",
    "1.25 m",
    "1.5 m",
    "2 m",
    "3 m",
    "Quite near.",
    "",
    "I cannot determine the distance from the image.",
    None,
)
"""Of a length of 1 m."""


def of_a_metre(*answers):
    return [score_item(item(str(place), Length(1.0)), answer) for place, answer in enumerate(answers)]


def everything():
    return [(LENGTHS, scored_lengths(120)), (LETTERS, scored_letters(90)), (MIXED, scored_mixed(80))]


def test_lengths_are_counted_as_by_hand():
    figures = figures_of(MIXED, of_a_metre(*ANSWERS))
    counts = {name: figures[name] for name in ("n", "read", "refused", "unread", "failed", "truncated", "clusters")}
    assert counts == {"n": 10, "read": 6, "refused": 1, "unread": 2, "failed": 1, "truncated": 0, "clusters": 10}
    assert (figures["parse_rate"], figures["abstain_rate"], figures["failed_rate"]) == (0.6, 0.1, 0.1)
    expected = {
        "n": 10,
        "read": 6,
        "output_number": 0.6,
        "in_50_200": 0.5,  # 1, 1.1, 1.25, 1.5, 2
        "in_66_150": 0.4,
        "in_90_110": 0.2,
        "within_25": 0.3,
        "delta_below_2": 0.4,
        "delta_within_2": 0.5,
        "delta_below_1_5": 0.3,
        "delta_within_1_25": 0.3,
        "a1": 0.2,
        "mra": (1.0 + 0.9 + 0.6 + 0.1) / 10,
        "median_abs_rel": (0.25 + 0.5) / 2,
        "median_log_error": pytest.approx((math.log(1.25) + math.log(1.5)) / 2),
    }
    lengths = figures["lengths"]
    intervals = lengths.pop("intervals")
    for name, value in expected.items():
        assert lengths[name] == pytest.approx(value), name
    assert set(lengths) == set(expected)
    assert figures["robust"]["mean"] == intervals["in_50_200"]["mean"] == 0.5
    assert (figures["official"], figures["numbers"], figures["by_sigma"], figures["by_confidence"]) == (None,) * 4
    assert sum(figures["how"].values()) == 10


def test_choices_are_counted_as_by_hand():
    four, two = Choice(("a cup", "a mug", "a jar", "a box"), 1), Choice(("a cup", "a mug"), 0)
    scored = [
        score_item(item("0", four), "B"),
        score_item(item("1", four), "(C)"),
        score_item(item("2", two), "A"),
        score_item(item("3", YesNo(True)), "Perhaps."),
    ]
    figures = figures_of(MIXED, scored)["qualitative"]
    assert (figures["n"], figures["accuracy"]["mean"]) == (4, 0.5)
    chance = 0.25 + 0.25 + 0.5 + 0.5
    assert figures["chance"] == chance / 4
    assert figures["above_chance"] == pytest.approx((2 - chance) / (4 - chance))


def test_hours_and_places_are_counted_as_by_hand():
    region = Region(SQUARE)
    scored = [
        score_item(item("0", Clock(12)), "1 o'clock"),
        score_item(item("1", Clock(12)), "3 o'clock"),
        score_item(item("2", Clock(12)), "Behind you."),
        score_item(item("3", region), "(0.5, 0.5)"),
        score_item(item("4", region), "(0.1, 0.1), (0.5, 0.5)"),
        score_item(item("5", region), "On the table."),
    ]
    figures = figures_of(MIXED, scored)
    clock, regions = figures["clock"], figures["regions"]
    assert (clock["n"], clock["read"], clock["mean_angle_error_deg"]) == (3, 2, (30 + 90) / 2)
    assert clock["ok"]["mean"] == pytest.approx(1 / 3)
    assert (regions["n"], regions["first_point"]["mean"]) == (3, pytest.approx(1 / 3))
    assert regions["any_point"]["mean"] == pytest.approx(2 / 3)


def test_stated_errors_are_held_against_the_truth():
    answers = ["1 m ± 0.1 m", "1.05 m ± 0.1 m", "1.2 m ± 0.1 m", "3 m ± 0.9 m", "1 m"]
    figures = figures_of(MIXED, of_a_metre(*answers))["by_sigma"]
    assert (figures["n"], figures["stated"]) == (5, 4)
    assert figures["coverage_of_80"] == 0.5  # 1.28 sigma: the first two
    # surest first: 0.083, 0.095, 0.1, 0.3, none; only the fourth is wrong
    assert figures["aurc"] == pytest.approx((0 + 0 + 0 + 1 / 4 + 1 / 5) / 5)
    assert figures["coverage_at_25_risk"] == 1.0
    assert figures["risk_coverage"][-1] == [1.0, 0.2]
    assert [level for level, _ in figures["calibration"]] == pytest.approx(np.arange(1, 10) / 10)


def test_stated_confidence_is_held_against_the_score():
    answers = ["1 m. Confidence: 0.9", "3 m. Confidence: 0.92", "1 m. Confidence: 20 %", "1 m"]
    figures = figures_of(MIXED, of_a_metre(*answers))["by_confidence"]
    assert (figures["n"], figures["stated"]) == (4, 3)
    assert figures["reliability"] == [[0.2, 1.0, 1], [0.91, 0.5, 2]]
    assert figures["calibration_error"] == pytest.approx((0.8 + 2 * 0.41) / 3)


@pytest.mark.parametrize(("task", "scored"), everything(), ids=lambda one: getattr(one, "name", ""))
def test_laws_of_every_run(task, scored):
    figures = figures_of(task, scored)
    json.dumps(figures, allow_nan=False)
    for group in (figures, *figures["kinds"].values()):
        assert group["n"] == group["read"] + group["refused"] + group["unread"] + group["failed"]
        for name in ("robust", "official"):
            if group[name] is not None:
                assert 0 <= group[name]["low"] <= group[name]["mean"] <= group[name]["high"] <= 1
    for name in ("n", "read", "refused", "unread", "failed", "truncated"):
        assert figures[name] == sum(kind[name] for kind in figures["kinds"].values())
    total = sum(kind["n"] * kind["robust"]["mean"] for kind in figures["kinds"].values())
    assert figures["robust"]["mean"] == pytest.approx(total / figures["n"])
    asked = sum(
        figures[form]["n"] for form in ("lengths", "numbers", "qualitative", "clock", "regions") if figures[form]
    )
    assert asked == figures["n"] == sum(figures["how"].values())


@pytest.mark.parametrize(("task", "scored"), everything(), ids=lambda one: getattr(one, "name", ""))
def test_the_order_of_the_items_does_not_matter(task, scored):
    shuffled = [scored[place] for place in np.random.default_rng(3).permutation(len(scored))]
    assert json.dumps(figures_of(task, shuffled)) == json.dumps(figures_of(task, scored))


@pytest.mark.parametrize(("task", "scored"), everything(), ids=lambda one: getattr(one, "name", ""))
def test_answers_that_could_not_be_had_stay_in_every_denominator(task, scored):
    none = [score_item(one.item, None, task.official) for one in scored]
    figures, before = figures_of(task, none), figures_of(task, scored)
    assert (figures["n"], figures["failed"], figures["parse_rate"]) == (before["n"], before["n"], 0.0)
    assert figures["robust"]["mean"] == 0.0
    assert (figures["official"] is None) == (task.official is None)
    for form in ("lengths", "numbers", "qualitative", "clock", "regions"):
        assert (figures[form] or {}).get("n") == (before[form] or {}).get("n")
    for form in ("lengths", "numbers"):
        if figures[form]:
            assert figures[form]["in_50_200"] == figures[form]["mra"] == figures[form]["output_number"] == 0.0
            assert figures[form]["median_abs_rel"] is None


def test_more_answers_without_a_number_never_raise_a_share():
    good = of_a_metre("1 m", "1 m", "3 m")
    worse = [*good, score_item(item("9", Length(1.0)), "Near.")]
    before, after = figures_of(MIXED, good)["lengths"], figures_of(MIXED, worse)["lengths"]
    assert after["in_50_200"] == pytest.approx(before["in_50_200"] * 3 / 4)
    assert after["median_abs_rel"] == before["median_abs_rel"]


def test_questions_about_one_picture_are_one_piece_of_evidence(tmp_path):
    alone = scored_lengths(90)
    # scored_lengths asks three questions of each picture; all three answered alike are worth one
    pictures = [tmp_path / f"{place}.png" for place in range(30)]
    copies = [
        score_item(item(f"{place}/{copy}", one.item.truth, picture=pictures[place]), one.answer)
        for place, one in enumerate(alone[:30])
        for copy in range(3)
    ]
    apart = [score_item(item(one.item.id, one.item.truth), one.answer) for one in copies]
    together, each = figures_of(MIXED, copies), figures_of(MIXED, apart)
    assert (together["clusters"], each["clusters"]) == (30, 90)
    assert together["robust"]["mean"] == each["robust"]["mean"]
    assert width(together) > 1.3 * width(each)


def width(figures):
    return figures["robust"]["high"] - figures["robust"]["low"]


def test_own_figures_come_by_both_parsers():
    figures = figures_of(LENGTHS, scored_lengths(120))
    kinds = figures["kinds"].values()
    for parser in ("robust", "official"):
        mean = sum(kind[parser]["mean"] for kind in kinds) / len(kinds)
        assert figures["own"][parser] == {"mean of kinds": pytest.approx(mean)}
    assert figures_of(MIXED, scored_mixed(8))["own"] == {"robust": None, "official": None}


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("number with a unit, first of 3", "number with a unit, first of n"),
        ("number with a unit, after 'so'", "number with a unit, after …"),
        ('number in words, after "i\'d say"', "number in words, after …"),
        ("letter", "letter"),
    ],
)
def test_ways_of_reading_are_named_without_what_varies(how, expected):
    assert normal(how) == expected


def test_a_task_without_items_has_no_figures_and_no_fault():
    figures = figures_of(LENGTHS, [])
    json.dumps(figures, allow_nan=False)
    assert (figures["n"], figures["robust"], figures["kinds"], figures["parse_rate"]) == (0, None, {}, None)


def test_summary_has_all_tasks_and_the_same_bytes_twice(tmp_path):
    folder = write_results(tmp_path, {"lengths": scored_lengths(40), "letters": scored_letters(30)})
    written = []
    for _ in range(2):
        write_summary(folder, summary_of(read_results(folder), TASKS))
        written.append((folder / "summary.json").read_bytes())
    assert written[0] == written[1]
    summary = json.loads(written[0])
    assert (summary["model"], set(summary["tasks"])) == ("example/model-7b", {"lengths", "letters"})
    assert summary["tasks"]["lengths"] == figures_of(LENGTHS, scored_lengths(40))
