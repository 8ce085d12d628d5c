"""The phrase stage as a whole: Scene and Facts in, questions with their evidence out."""

import re
from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from fixtures.plain_facts import LENGTHS, PAPER, is_even, plain
from fixtures.worlds.phrase_scenes import THINGS, make_facts, make_object, make_scene, scene_of
from spatialvlm.errors import ContractError, UserError
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.phrase import PhraseConfig, phrase
from spatialvlm.pipeline.phrase.templates import Sheet, load_sheet, parse_sheet
from spatialvlm.quantities import UNITS, parse
from spatialvlm.records import QA

SCENE = make_scene()
FACTS = make_facts(SCENE)
MANY = PhraseConfig(questions_per_image=400)
PAPER_LENGTHS = tuple(name for name in PAPER if name in LENGTHS)


@cache
def many(seed: int = 3) -> tuple[QA, ...]:
    return phrase(SCENE, FACTS, seed, MANY).questions


def section(qa: QA) -> str:
    """The section of the template file that the answer came from."""
    name = qa.template.split("/")[2][:-2]
    return "answer" if name == "a" else name


def test_the_seed_and_the_frame_id_decide_everything():
    first = phrase(SCENE, FACTS, 7)
    phrase(SCENE, FACTS, 8)
    again = phrase(SCENE, FACTS, 7)
    assert first.questions == again.questions
    assert len(first.questions) == 20
    texts = {tuple(qa.question for qa in p.questions) for p in (first, phrase(SCENE, FACTS, 8))}
    texts.add(tuple(qa.question for qa in phrase(replace(SCENE, frame_id="f1"), FACTS, 7).questions))
    assert len(texts) == 3


def test_every_question_carries_its_evidence():
    facts = {(fact.kind, fact.subjects): fact for fact in FACTS}
    names = {f"o{i}": f"the {text}" for i, text in enumerate(THINGS)}
    for qa in many():
        assert qa.fact == facts[qa.kind, qa.fact.subjects]
        assert (qa.frame_id, qa.seed, qa.reference) == ("f0", 3, "caption")
        assert qa.family == KINDS[qa.kind].family
        assert re.fullmatch(rf"{qa.kind}/q\d\d/(a|true|false|similar|[a-z]+)\d\d", qa.template)
        assert qa.question[0] == qa.question[0].upper()
        assert qa.answer[0] == qa.answer[0].upper()
        assert all(names[subject] in qa.question.lower() for subject in qa.fact.subjects)


def test_all_kinds_are_said():
    kinds = {qa.kind for seed in range(5) for qa in many(seed)}
    assert kinds == set(PAPER)


def test_the_answer_comes_from_the_section_of_its_outcome():
    seen = Counter()
    for qa in many():
        value = plain(qa.fact.answer)
        match KINDS[qa.kind].form.name:
            case _ if is_even(qa.fact.answer):
                expected = "similar"
            case "predicate":
                expected = "true" if value else "false"
            case "classify":
                expected = value
            case "choice":
                expected = "answer"
                assert THINGS[int(str(value)[1:])] in qa.answer
            case _:
                expected = "answer"
        assert section(qa) == expected
        seen[expected] += 1
    assert {"true", "false", "similar", "answer", "left", "right"} <= set(seen)


def test_the_opposite_outcome_gets_the_opposite_words():
    flipped = replace(FACTS, outcome=-FACTS.outcome)
    opposite = {"true": "false", "false": "true", "similar": "similar", "answer": "answer"}
    opposite |= {kind.word: kind.opposite for kind in KINDS.values() if kind.form.name == "classify"}
    opposite |= {kind.opposite: kind.word for kind in KINDS.values() if kind.form.name == "classify"}
    plainly = replace(MANY, balance="none")  # what is balanced depends on the answers
    asked = (phrase(SCENE, facts, 3, plainly).questions for facts in (FACTS, flipped))
    for one, other in zip(*asked, strict=True):
        assert one.question == other.question
        assert section(other) == opposite[section(one)]
        if KINDS[one.kind].form.name == "choice" and section(one) == "answer":
            assert {plain(one.fact.answer), plain(other.fact.answer)} == set(one.fact.subjects)
            assert one.answer != other.answer


def test_lengths_read_back_within_their_rounding():
    facts = make_facts(SCENE, error=0.0)
    config = PhraseConfig(questions_per_image=400, kinds=PAPER_LENGTHS)
    for seed in range(3):
        for qa in phrase(SCENE, facts, seed, config).questions:
            metres = qa.fact.answer.metres
            rounding = max(0.23 * metres, 0.0127)  # quantities: 22 %, or half of the least inch
            assert parse(qa.answer) == pytest.approx(metres, abs=rounding), (qa.question, qa.answer)


def test_the_unit_that_the_question_names_is_the_answers():
    asked = 0
    for qa in (qa for seed in range(3) for qa in many(seed) if qa.kind in LENGTHS):
        line = load_sheet(qa.kind).lines["question"][int(qa.template.split("/")[1][1:]) - 1]
        named = [unit for unit in UNITS if re.search(rf"\b{unit.plural}\b", qa.question, re.IGNORECASE)]
        assert len(named) == line.names_unit
        for unit in named:
            asked += 1
            assert re.search(rf"\b({unit.name}|{unit.plural}|{unit.symbol})\b", qa.answer.lower()), qa
            assert parse(qa.answer) is not None
    assert asked > 20


def test_lengths_in_meters_are_exact_and_in_meters_unless_the_question_names_a_unit():
    config = PhraseConfig(questions_per_image=400, kinds=PAPER_LENGTHS, numbers="meters")
    asked = Counter()
    for qa in phrase(SCENE, FACTS, 3, config).questions:
        in_meters = re.search(r"\d (m|meters?)\b", qa.answer) is not None
        asked[in_meters] += 1
        assert in_meters or qa.unit not in (None, "meter"), qa
        assert parse(qa.answer) == pytest.approx(qa.fact.answer.metres, rel=0.051), qa
    assert min(asked[True], asked[False]) > 20


@pytest.mark.parametrize("surface", ["floor", "table top", "surface"])
def test_elevation_names_the_plane_that_it_is_above(surface):
    plane = "the supporting surface" if surface == "surface" else f"the {surface}"
    config = PhraseConfig(kinds=("elevation",))
    asked = phrase(make_scene(surface=surface), FACTS, 0, config).questions
    text = " ".join(qa.question for qa in asked).lower()
    assert plane in text
    assert not any(other in text for other in {"the floor", "the table top", "the supporting surface"} - {plane})


def test_weird_captions_come_through_unharmed():
    captions = ("{mug}", "%s %d%% box", "[A] cup", "[X]", '"stop" sign', "{0} pan", "🧸 bear", "A's \\n lid")
    scene = make_scene(captions)
    facts = make_facts(scene)
    names = {f"o{i}": f"the {text}" for i, text in enumerate((*captions[:-1], "A's \\n lid"))}
    for qa in phrase(scene, facts, 0, MANY).questions:
        for subject in qa.fact.subjects:
            assert names[subject][1:] in qa.question  # the first letter may be capital
        rest = qa.question + qa.answer
        for text in captions:
            rest = rest.replace(text, "")
        assert not re.search(r"[\[\]{}%\\]", rest)


def test_clauses_are_said_counted_and_never_answer_the_question():
    boxes = ((0, 0, 50, 50), (500, 0, 550, 50), (300, 300, 340, 340), (200, 100, 220, 120), (9, 300, 40, 340))
    captions = ("mug", "white mug", "lamp", "sky", "")
    objects = [make_object(f"o{i}", (text,), box) for i, (text, box) in enumerate(zip(captions, boxes))]
    scene = scene_of(objects)
    phrased = phrase(scene, make_facts(scene), 0, MANY)
    for qa in phrased.questions:
        twins = {"o0", "o1"} & set(qa.fact.subjects)
        assert qa.reference == ("caption+clause" if twins else "caption")
        assert ("o0" in twins) == ("mug on the left" in qa.question)
        assert ("o1" in twins) == ("white mug on the right" in qa.question)
        assert len(twins) < 2 or KINDS[qa.kind].quantity != "x"
    assert phrased.refusals["reference", "reference_background"] == 1
    assert phrased.refusals["reference", "reference_missing"] == 1
    assert phrased.refusals["left_predicate", "given_away"] == 6, "a side in one name tells against everything else"
    assert phrased.refusals["height", "unnamed"] == 2


def test_concise_answers_are_the_short_ones():
    def words(share: float) -> float:
        config = PhraseConfig(questions_per_image=400, concise_share=share)
        return float(np.mean([len(qa.answer.split()) for qa in phrase(SCENE, FACTS, 0, config).questions]))

    assert words(1.0) < words(0.5) < words(0.0)


def test_without_gravity_only_what_needs_none_is_asked():
    phrased = phrase(make_scene(gravity=False), FACTS, 0, MANY)
    assert {qa.kind for qa in phrased.questions} <= {name for name, kind in KINDS.items() if not kind.needs_gravity}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kinds": ("left_predicate", "colour")}, "colour"),
        ({"questions_per_image": -1}, "questions_per_image"),
        ({"similar_share": 1.5}, "similar_share"),
        ({"quantitative_share": float("nan")}, "quantitative_share"),
    ],
)
def test_settings_that_make_no_sense_are_user_errors(settings, message):
    with pytest.raises(UserError, match=message):
        PhraseConfig(**settings)


def test_facts_of_another_scene_are_a_contract_error():
    with pytest.raises(ContractError, match="o7"):
        phrase(make_scene(THINGS[:7]), FACTS, 0)


@pytest.mark.parametrize(
    "text",
    [
        "question\nWhere is [A]?\n\ntrue\nYes.\n\nfalse\nNo.\n",  # no section "similar"
        "question\nIs [A] [X]?\n\ntrue\nYes.\n\nfalse\nNo.\n\nsimilar\nNeither.\n",
        "question\n[A]?\n\ntrue\nYes.\n\nfalse\nNo.\n\nsimilar\nSame.\n\nmaybe\nPerhaps.\n",
    ],
)
def test_a_damaged_template_file_is_a_contract_error(text):
    with pytest.raises(ContractError, match=r"left_predicate\.txt"):
        parse_sheet(KINDS["left_predicate"], text)


def test_a_template_file_is_read_by_sections():
    text = "# note\n\nquestion\nIs [A] left of [B]?\n\ntrue\nYes.\n# note\nTrue, it lies left of [B].\n\n"
    text += "false\nNo.\n\nsimilar\nSame.\n"
    sheet: Sheet = parse_sheet(KINDS["left_predicate"], text)
    assert [sheet.kind.form.section(sheet.kind, outcome) for outcome in (1, -1, 0)] == ["true", "false", "similar"]
    assert [line.mark for line in sheet.lines["true"]] == ["true01", "true02"]
    assert [line.mark for line in sheet.short["true"]] == ["true01"]
    assert sheet.lines["question"][0].fill({"A": "the [B]", "B": "the {A}"}) == "Is the [B] left of the {A}?"
