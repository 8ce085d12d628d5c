"""Two runs on the same questions: what can be told of them, what cannot, and what makes them less than comparable."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from fixtures.evaluate.fabricated import item, scored_lengths, scored_letters, write_results
from spatialvlm.answers import Count, Length
from spatialvlm.errors import DatasetError, UserError
from spatialvlm.evaluate.report.comparison import (
    comparison_section,
    names,
    print_comparison,
    said_of,
    warnings,
    write_comparison,
)
from spatialvlm.evaluate.report.paired import FEWEST, compare_runs, mcnemar, verdict
from spatialvlm.evaluate.results import Results, read_results
from spatialvlm.evaluate.scoring import score_item


@pytest.fixture
def results(tmp_path):
    """A function that writes and reads back a run of these scored items."""
    folders = iter(range(100))

    def make(scored, **changes) -> Results:
        folder = tmp_path / str(next(folders))
        folder.mkdir()
        return read_results(write_results(folder, scored, **changes))

    return make


def metres(*answers, pictures=None):
    return [
        score_item(item(f"{place:02d}", Length(1.0), picture=pictures and pictures[place]), answer)
        for place, answer in enumerate(answers)
    ]


def test_a_run_does_not_differ_from_itself(results):
    run = results({"lengths": scored_lengths(60), "letters": scored_letters(60)})
    compared = compare_runs(run, run)
    json.dumps(compared, allow_nan=False)
    assert warnings(compared) == []
    for task in compared["tasks"].values():
        for paired in (task["robust"], task["official"], *(kind["robust"] for kind in task["kinds"].values())):
            assert paired["difference"] == {"mean": 0.0, "low": 0.0, "high": 0.0}
            assert (paired["second_better"], paired["first_better"], paired["mcnemar_p"]) == (0, 0, 1.0)
            assert verdict(paired, "a", "b") == "no difference can be told"


def test_a_small_comparison_is_counted_as_by_hand(results):
    first = results({"mixed": metres("1 m", "3 m", "3 m", "3 m", "3 m", "3 m", "3 m", "3 m", "3 m", None)})
    second = results({"mixed": metres("3 m", "1 m", "1 m", "1 m", "1 m", "1 m", "1 m", "1 m", "1 m", None)})
    paired = compare_runs(first, second)["tasks"]["mixed"]["robust"]
    assert (paired["n"], paired["first"], paired["second"]) == (10, 0.1, 0.8)
    assert (paired["second_better"], paired["first_better"], paired["ties"]) == (8, 1, 1)
    assert paired["difference"]["mean"] == pytest.approx(0.7)
    assert paired["mcnemar_p"] == pytest.approx(2 * (1 + 9) / 2**9)
    assert verdict(paired, "a", "b") == "b is better"


@pytest.mark.parametrize(
    ("wins", "losses", "p"),
    [(0, 0, 1.0), (5, 5, 1.0), (0, 5, 2 / 32), (0, 6, 2 / 64), (3, 1, 10 / 16), (1, 3, 10 / 16)],
)
def test_mcnemar_is_exact(wins, losses, p):
    assert mcnemar(wins, losses) == pytest.approx(p)


def test_the_other_way_round_all_signs_turn(results):
    one = results({"lengths": scored_lengths(80)})
    other = results({"lengths": scored_lengths(80, seed=4, skill=0.8)})
    there, back = (compare_runs(*pair)["tasks"]["lengths"]["robust"] for pair in ((one, other), (other, one)))
    assert there["difference"]["mean"] == -back["difference"]["mean"]
    assert there["difference"]["low"] == pytest.approx(-back["difference"]["high"], abs=0.03)
    assert (there["second_better"], there["ties"]) == (back["first_better"], back["ties"])
    assert there["mcnemar_p"] == back["mcnemar_p"]


def test_a_large_difference_can_be_told_and_a_small_one_cannot(results):
    poor, fair, good = (
        results({"letters": scored_letters(200, seed=seed, skill=skill)})
        for seed, skill in ((1, 0.1), (2, 0.6), (3, 0.62))
    )
    told = compare_runs(poor, good)["tasks"]["letters"]
    assert verdict(told["robust"], "poor", "good") == "good is better"
    assert verdict(compare_runs(good, poor)["tasks"]["letters"]["robust"], "good", "poor") == "good is better"
    assert verdict(compare_runs(fair, good)["tasks"]["letters"]["robust"], "a", "b") == "no difference can be told"
    assert said_of(told, "poor", "good") == "good is better; by the official rule: good is better"


@pytest.mark.parametrize("count", [1, FEWEST - 1, FEWEST])
def test_few_pictures_tell_nothing_however_clear_they_look(results, count, tmp_path):
    pictures = [tmp_path / f"{place % count}.png" for place in range(30)]
    first, second = (
        Results(run.run, {"mixed": tuple(metres(*[answer] * 30, pictures=pictures))})
        for run, answer in ((results({"mixed": metres("3 m")}), "3 m"), (results({"mixed": metres("1 m")}), "1 m"))
    )
    paired = compare_runs(first, second)["tasks"]["mixed"]["robust"]
    assert (paired["clusters"], paired["told"]) == (count, count >= FEWEST)
    assert ("fewer than 6 sets of pictures" in verdict(paired, "a", "b")) == (count < FEWEST)
    assert (paired["difference"]["low"] is None) == (paired["difference"]["high"] is None) == (count < FEWEST)
    file = io.StringIO()
    print_comparison(Console(file=file), compare_runs(first, second))
    (line,) = [line for line in file.getvalue().splitlines() if line.startswith("mixed  ")]
    assert ("too few" in line) == (count < FEWEST)
    comparison_section(compare_runs(first, second))


def test_graded_scores_have_no_mcnemar(results):
    first, second = (
        results({"mixed": [score_item(item(str(place), Count(10)), answer) for place in range(8)]})
        for answer in ("11", "10")
    )
    paired = compare_runs(first, second)["tasks"]["mixed"]["robust"]
    assert paired["mcnemar_p"] is None
    assert paired["difference"]["mean"] == pytest.approx(0.1)


def test_questions_of_one_run_alone_are_named_and_left_out(results):
    scored = scored_lengths(30)
    compared = compare_runs(results({"lengths": scored[:20]}), results({"lengths": scored[15:]}))
    task = compared["tasks"]["lengths"]
    assert (task["n"], task["only_first"]["count"], task["only_second"]["count"]) == (5, 15, 10)
    assert len(task["only_first"]["ids"]) == 10
    said = " ".join(warnings(compared))
    assert "15 questions only in the first run, left out: room/00000" in said
    assert "10 questions only in the second run" in said


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("prompt_sha256", "0" * 64, "the prompts differ: '9f2c9f2c9f2c' and '000000000000'"),
        ("data", "main", "the data differ: '17b92e470d58' and 'main'"),
        ("parser", "robust-1", "the parsers differ: 'robust-4' and 'robust-1'"),
        ("track", "blind", "the tracks differ: 'image' and 'blind'"),
        ("limit", 20, "the limits differ: all and 20"),
    ],
)
def test_what_is_not_the_same_is_said(results, field, value, says):
    scored = {"lengths": scored_lengths(20)}
    compared = compare_runs(results(scored), results(scored, **{field: value}))
    assert warnings(compared) == [f"lengths: {says}"]


def test_questions_that_changed_under_their_id_are_said(results):
    scored = scored_lengths(20)
    other = [replace(one, item=replace(one.item, truth=Length(9.0))) for one in scored[:3]]
    compared = compare_runs(results({"lengths": scored}), results({"lengths": [*other, *scored[3:]]}))
    assert warnings(compared) == [
        "lengths: 3 questions with the same id in both runs, but with other words or another truth"
    ]


def test_runs_without_a_question_in_common_cannot_be_compared(results):
    lengths, letters = results({"lengths": scored_lengths(9)}), results({"letters": scored_letters(9)})
    with pytest.raises(UserError, match="no question in common: got the tasks lengths and letters"):
        compare_runs(lengths, letters)


def test_an_id_that_comes_twice_is_refused(results):
    scored = scored_lengths(9)
    run = results({"lengths": scored})
    with pytest.raises(DatasetError, match="item 'room/00003': twice"):
        compare_runs(run, results({"lengths": [*scored, scored[3]]}))


def test_the_order_of_the_items_does_not_matter(results):
    one, other = scored_lengths(60), scored_lengths(60, seed=2)
    order = np.random.default_rng(1)
    shuffled = [[found[i] for i in order.permutation(60)] for found in (one, other)]
    assert compare_runs(*(results({"lengths": found}) for found in (one, other))) == compare_runs(
        *(results({"lengths": found}) for found in shuffled)
    )


def test_two_runs_of_one_model_are_told_apart(results):
    scored = {"lengths": scored_lengths(9)}
    compared = compare_runs(results(scored), results(scored))
    assert names(compared) == ("example/model-7b, the first run", "example/model-7b, the second run")
    compared["second"]["version"] = None
    assert names(compared) == ("example/model-7b 2026-08-01", "example/model-7b of no known version")


def test_it_is_shown_in_a_terminal_in_a_section_and_on_a_page(results, tmp_path):
    first = results({"lengths": scored_lengths(60), "letters": scored_letters(60)})
    second = results({"lengths": scored_lengths(60, seed=3, skill=1.5)}, model="other/<model>")
    compared = compare_runs(first, second)
    file = io.StringIO()
    print_comparison(Console(file=file, width=40), compared)
    assert "lengths: example/model-7b is better" in file.getvalue()
    assert "warning: only in the first run: letters" in file.getvalue()
    assert "…" not in file.getvalue()
    assert "other/&lt;model&gt;" not in comparison_section(compared)  # said of the better one alone
    write_comparison(tmp_path / "comparison.html", compared)
    written = (tmp_path / "comparison.html").read_bytes()
    write_comparison(tmp_path / "comparison.html", compared)
    assert (tmp_path / "comparison.html").read_bytes() == written
    assert b"other/&lt;model&gt;" in written
    assert b"<model>" not in written
    assert b"<b>2</b><span>warnings</span>" in written or b"<b>1</b><span>warning</span>" in written
