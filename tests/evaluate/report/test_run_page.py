"""The page of a run: the same bytes, nothing from elsewhere, every text escaped, the few examples that it promises."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import unquote

import numpy as np
import pytest

from fixtures.evaluate.fabricated import (
    LENGTHS,
    PROMPT_SHA,
    TASKS,
    first_word,
    item,
    make_pictures,
    scored_lengths,
    scored_letters,
    scored_mixed,
    write_results,
)
from spatialvlm.answers import Length
from spatialvlm.evaluate.report.examples import WORST, disagreements, in_turns, off, unread, worst
from spatialvlm.evaluate.report.run_page import write_page
from spatialvlm.evaluate.scoring import score_item
from spatialvlm.records import Score

VOID = {"meta", "img", "br"}


class Outline(HTMLParser):
    """Elements, their attributes and texts; fails where they are not closed in order."""

    def __init__(self, markup):
        super().__init__()
        self.open, self.links, self.tags, self.texts = [], [], set(), []
        self.feed(markup)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("src", "href", "action", "srcset")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, (tag, self.open, self.getpos())

    def handle_data(self, data):
        self.texts.append(data)


def write(folder, order=None):
    pictures = make_pictures(folder, 12)
    scored = {
        "lengths": scored_lengths(150, pictures=pictures),
        "letters": scored_letters(90, pictures=pictures),
        "mixed": scored_mixed(80, pictures=pictures),
    }
    if order is not None:
        scored = {name: [found[i] for i in order.permutation(len(found))] for name, found in scored.items()}
    write_results(folder, scored)
    return write_page(folder, TASKS)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return write(tmp_path_factory.mktemp("run"))


def test_the_same_answers_give_the_same_bytes_in_any_order(page, tmp_path):
    again = write(tmp_path, np.random.default_rng(5))
    assert again.read_bytes() == page.read_bytes()


def test_the_page_stands_alone_with_its_pictures_beside_it(page):
    outline = Outline(page.read_text())
    assert not outline.tags & {"script", "link", "iframe", "object", "embed"}
    assert outline.links
    for link in outline.links:
        assert not re.match(r"[a-z]+:|/", link)
        assert (page.parent / unquote(link)).is_file()
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org)", page.read_text())


def test_texts_are_escaped(page):
    text = page.read_text()
    for raw, escaped in (
        ("<lamp>", "&lt;lamp&gt;"),
        ("<b>the sofa</b>", "&lt;b&gt;the sofa"),
        ("<think>", "&lt;think"),
    ):
        assert raw not in text
        assert escaped in text
    Outline(text)


def test_the_head_says_who_was_asked_what_and_how(page):
    text = " ".join(Outline(page.read_text()).texts)
    for said in ("example/model-7b", "2026-08-01", "robust-4", "the pictures", PROMPT_SHA, "17b92e470d58", "CC-BY-4.0"):
        assert said in text
    assert "SpatialVLM, as published" in text
    assert "never released" in text


def test_examples_are_few_and_the_worst(page):
    text = page.read_text()
    assert text.count("<article class='case'>") == 3 * WORST
    scored = scored_lengths(150)
    shown = worst(scored).shown
    wrong = [one for one in scored if one.parsed.value is not None and one.robust.value == 0.0]
    assert [off(one) for one in shown] == sorted(map(off, wrong), reverse=True)[:WORST]


def test_places_among_the_worst_are_shared_by_numbers_and_choices():
    scored = [*scored_lengths(150), *scored_letters(90)]
    shown = worst(scored).shown
    numbers = [one for one in shown if isinstance(one.item.truth, Length)]
    assert (len(numbers), len(shown)) == (WORST // 2, WORST)
    assert {one.item.kind for one in shown[len(numbers) :]} == {"relation", "depth order", "predicate"}


def test_unread_answers_come_with_every_reason():
    scored = scored_lengths(300)
    picked = unread(scored)
    assert picked.count == sum(one.parsed.value is None for one in scored)
    assert {one.parsed.how for one in picked.shown} == {one.parsed.how for one in scored if one.parsed.value is None}


def test_disagreements_are_those_of_the_two_scores():
    scored = scored_lengths(300)
    assert disagreements(scored).count == sum(one.robust.value != one.official.value for one in scored)
    assert disagreements(scored_mixed(40)).count == 0


def test_turns_take_the_first_of_each_before_the_second_of_any():
    scored = [score_item(item(str(place), Length(1.0), kind), "1 m") for place, kind in enumerate("aaabbc")]
    assert [one.item.kind for one in in_turns(scored, lambda one: one.item.kind)] == list("abcaba")


def test_long_answers_are_shown_with_their_end(tmp_path):
    long = "I look at the picture. " * 200 + "So it is 9 m."
    write_results(tmp_path, {"lengths": [score_item(item("0", Length(1.0)), long, first_word)]})
    text = write_page(tmp_path, TASKS).read_text()
    assert "So it is 9 m." in text
    assert len(text) < 60_000
    assert "picture not kept" in text


@pytest.mark.parametrize("answers", [[], [None], [""], ["1 m"]], ids=["no question", "no answer", "empty", "right"])
def test_runs_with_little_in_them_have_a_page(tmp_path, answers):
    scored = [score_item(item(str(place), Length(1.0)), answer, first_word) for place, answer in enumerate(answers)]
    write_results(tmp_path, {"lengths": scored}, track="blind", limit=len(scored), data="")
    text = write_page(tmp_path, {"lengths": LENGTHS}).read_text()
    Outline(text)
    assert "no picture (blind)" in text


def test_it_knows_the_tasks_by_name(tmp_path):
    scored = scored_letters(20)
    write_results(tmp_path, {"letters": scored}, task="vsr")
    (tmp_path / "letters.jsonl").rename(tmp_path / "vsr.jsonl")
    assert "a caption about two objects" in write_page(tmp_path).read_text()


def test_the_page_says_where_pictures_are_too_few(tmp_path):
    pictures = make_pictures(tmp_path, 2)
    write_results(tmp_path, {"letters": scored_letters(40, pictures=pictures)})
    text = write_page(tmp_path, TASKS).read_text()
    Outline(text)
    assert "<small>too few pictures to judge</small>" in text
    assert "2 sets of pictures" in text
    assert "<line class='reach'" not in text


def test_scores_that_are_no_numbers_count_as_wrong(tmp_path):
    strange = Score(float("nan"), None, "a fault of some rule")
    found = [replace(one, robust=strange, official=strange) for one in scored_lengths(12)]
    write_results(tmp_path, {"lengths": found})
    text = write_page(tmp_path, TASKS).read_text()
    Outline(text)
    assert "nan" not in " ".join(Outline(text).texts).lower().split()
