"""The tables of a run in a terminal and in a file."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from fixtures.evaluate.fabricated import LETTERS, TASKS, scored_lengths, scored_letters, scored_mixed, write_results
from spatialvlm.evaluate.report.figures import figures_of, summary_of
from spatialvlm.evaluate.report.run_tables import mean, print_run, spread, unknown_marks
from spatialvlm.evaluate.results import read_results


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    scored = {"lengths": scored_lengths(90), "letters": scored_letters(60), "mixed": scored_mixed(40)}
    return summary_of(read_results(write_results(tmp_path_factory.mktemp("run"), scored)), TASKS)


def printed(summary, **console):
    file = io.StringIO()
    print_run(Console(file=file, **console), summary)
    return file.getvalue()


def test_a_file_gets_plain_text_with_every_row_whole(summary):
    text = printed(summary, width=30)
    assert "\x1b" not in text
    assert "…" not in text
    lines = text.splitlines()
    for name, task in summary["tasks"].items():
        (line,) = [line for line in lines if line.startswith(f"{name} ")][:1]
        for cell in (f"{task['n']}", mean(task["robust"]), spread(task["robust"]), mean(task["official"])):
            assert cell in line
    for kind in summary["tasks"]["lengths"]["kinds"]:
        assert sum(line.startswith(f"{kind} ") for line in lines) == 1


def test_the_papers_rows_stand_below_with_what_they_are_of(summary):
    text = printed(summary)
    assert "SpatialVLM, the paper      75.2 %   99.0 %      37.2 %      10.7 %       8.4 %" in text
    assert "never released" in text
    assert "never released" not in printed({**summary, "tasks": {}})


def test_a_terminal_of_eighty_columns_holds_all_columns(summary):
    text = printed(summary, width=80, force_terminal=True, color_system=None, legacy_windows=False)
    assert max(map(len, text.splitlines())) <= 80
    for heading in ("declined", "cut off", "official", "|ln|", "90 to 110 %", "failed"):
        assert heading in text
    assert "…" not in text


def test_answers_with_unknown_marks_are_counted(tmp_path):
    scored = scored_lengths(8)
    task = figures_of(TASKS["lengths"], [replace(one, answer=f"<xyz>{one.answer}</xyz>") for one in scored[:3]])
    assert task["unknown_marks"] == {"answers": 3, "marks": {"</xyz>": 3, "<xyz>": 3}}
    assert unknown_marks(task).startswith("3 answers with unknown marks such as <xyz>, </xyz>")
    assert unknown_marks(figures_of(TASKS["lengths"], scored)) == ""


def test_a_task_without_questions_is_shown_as_such():
    text = printed({"model": "none", "version": None, "tasks": {"letters": figures_of(LETTERS, [])}})
    (line,) = [line for line in text.splitlines() if line.startswith("letters ")]
    assert line.split() == ["letters", "0", "–", "–", "0", "0", "–", "–", "–"]


@pytest.mark.parametrize(("count", "few"), [(1, True), (5, True), (6, False)])
def test_the_interval_of_a_few_pictures_is_not_shown(count, few, tmp_path):
    pictures = [tmp_path / f"{place}.png" for place in range(count)]
    figures = figures_of(LETTERS, scored_letters(60, pictures=pictures))
    assert (figures["robust"]["low"] is None) == few
    assert figures["robust"]["mean"] is not None
    text = printed({"model": "none", "version": None, "tasks": {"letters": figures}})
    line = next(line for line in text.splitlines() if line.startswith("letters "))
    assert ("too few" in line) == few
    assert "'too few' of fewer than 6 sets of pictures" in text
