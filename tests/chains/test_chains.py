"""Chains replay to their conclusion from the scene alone, their words agree with it, and what is near is refused."""

import json
from dataclasses import replace
from itertools import chain as joined

import numpy as np
import pytest

import spatialvlm as sv
from spatialvlm.answers import CannotTell, Choice, Count, Length, Order, YesNo
from spatialvlm.chains import (
    CHAIN_KINDS,
    CHAIN_REASONS,
    STYLES,
    Chain,
    Combine,
    Conclusion,
    chain_from_json,
    chain_to_json,
    draw_chains,
    replay,
)
from spatialvlm.chains.conclusions import SIGMAS, conclude, sigmas
from spatialvlm.chains.drafts import Draft, work_out
from spatialvlm.chains.fact_book import FactBook
from spatialvlm.chains.fact_words import CENTIMETER, METER, Numbers, numbers_for, rounded_up
from spatialvlm.chains.uncertain_numbers import Working, combined_value
from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect.rooms import RoomsSource
from spatialvlm.records import Box, Fact, Scene

PER_SCENE = 28


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    source = RoomsSource(12, seed=5, size=(320, 240))
    found = [sv.lift(source.truth(index).frame).scene for index in range(len(source))]
    return [scene for scene in found if scene is not None]


@pytest.fixture(scope="module")
def chains(scenes) -> list[tuple[Scene, Chain]]:
    return [(scene, one) for scene in scenes for one in sv.chains_of(scene, PER_SCENE, seed=3, style="mixed")]


def test_hundreds_of_chains_replay_to_the_same_conclusion(chains):
    assert len(chains) > 200
    assert {one.kind for _, one in chains} == set(CHAIN_KINDS)
    for scene, one in chains:
        assert sv.replay(one, scene) == one.value


def test_yes_and_no_are_about_as_frequent(chains):
    said = [one.value.yes for _, one in chains if isinstance(one.value, YesNo)]
    assert 0.4 < np.mean(said) < 0.6


def moved(one: Chain, scale: float, rng: np.random.Generator) -> list[float]:
    """The numbers of the steps where each length is off by 1 sigma, and all by the scale."""
    numbers: list[float] = []
    stretch = 1.0 + scale * rng.choice((-1.0, 1.0))
    for step in one.steps:
        if step.combine is None:
            own = np.sqrt(max(step.error**2 - (scale * step.number) ** 2, 0.0))
            numbers.append(float(step.number * stretch + own * rng.choice((-1.0, 1.0))))
        else:
            numbers.append(combined_value(step.combine, [numbers[of - 1] for of in step.combine.of]))
    return numbers


def test_no_conclusion_flips_within_one_sigma(chains):
    rng = np.random.default_rng(0)
    for scene, one in chains:
        for _ in range(8):
            found = conclude(one.conclusion, moved(one, scene.errors.scale, rng))
            if isinstance(one.value, Length):
                assert isinstance(found, Length)
                assert abs(found.metres - one.value.metres) < SIGMAS * one.steps[one.conclusion.of[0] - 1].error
            else:
                assert found == one.value


def stretched(scene: Scene, factor: float) -> Scene:
    objects = tuple(
        replace(
            o,
            points_in_world=(o.points_in_world * factor).astype(np.float32),
            box=Box(
                o.box.low_in_world * factor,
                o.box.high_in_world * factor,
                o.box.low_error_m * factor,
                o.box.high_error_m * factor,
            ),
        )
        for o in scene.objects
    )
    pose = scene.world_from_camera.copy()
    pose[:3, 3] *= factor
    return replace(scene, objects=objects, world_from_camera=pose)


def test_a_scene_of_another_scale_within_its_error_never_says_the_opposite(chains):
    for scene, one in chains[::6]:
        for sign in (-1, 1):
            found = replay(one, stretched(scene, 1.0 + sign * scene.errors.scale))
            assert isinstance(found, Length | CannotTell) or found == one.value


def test_a_scene_of_another_world_is_answered_by_what_it_shows(scenes):
    """Only kinds, subjects and the way to combine them come from the chain: every number is the scene's own."""
    for scene in scenes[:8]:
        for one in sv.chains_of(scene, 20):
            if isinstance(one.value, Length):
                found = replay(one, stretched(scene, 2.0))
                assert isinstance(found, Length | CannotTell)
                assert isinstance(found, CannotTell) or found.metres == pytest.approx(2.0 * one.value.metres)


def test_the_order_of_the_objects_changes_nothing(scenes):
    rng = np.random.default_rng(1)
    for scene in scenes[:8]:
        other = replace(scene, objects=tuple(scene.objects[place] for place in rng.permutation(len(scene.objects))))
        ours, theirs = (sv.chains_of(one, 10, style="mixed") for one in (scene, other))
        assert [(one.question, one.text) for one in ours] == [(one.question, one.text) for one in theirs]
        for one in ours:
            found = replay(one, other)
            if isinstance(one.value, Length):
                assert isinstance(found, Length)
                assert found.metres == pytest.approx(one.value.metres, abs=1e-9)
            else:
                assert found == one.value


def test_chains_depend_on_the_seed_and_the_frame_alone(scenes):
    scene = scenes[1]
    assert sv.chains_of(scene, 6, seed=1) == sv.chains_of(scene, 6, seed=1)
    assert sv.chains_of(scene, 6, seed=1) != sv.chains_of(scene, 6, seed=2)
    assert sv.chains_of(scene, 6) != sv.chains_of(replace(scene, frame_id="other"), 6)


def test_no_two_chains_of_a_scene_are_about_the_same(chains):
    asked = [(one.frame_id, one.question) for _, one in chains]
    assert len(asked) == len(set(asked))


def test_the_style_changes_the_words_alone(scenes):
    every = [sv.chains_of(scenes[1], 8, style=style) for style in STYLES]
    for same in zip(*every):
        assert len({one.text for one in same}) == len(STYLES)
        assert len({(one.question, one.value, tuple(step.said for step in one.steps)) for one in same}) == 1


def test_thinking_stands_apart_and_the_answer_alone_behind_it(scenes):
    for one, thought in zip(sv.chains_of(scenes[1], 8), sv.chains_of(scenes[1], 8, think=True)):
        opened, _, answer = thought.text.partition("\n</think>\n")
        assert opened.startswith("<think>\n")
        assert answer == thought.answer == one.answer
        assert one.text == f"{opened.removeprefix('<think>')}\nAnswer: {one.answer}".lstrip()


def test_the_arithmetic_of_the_words_is_that_of_the_numbers_they_say(chains):
    for _, one in chains:
        said = [step.said for step in one.steps]
        for step, number in zip(one.steps, said):
            if step.combine is not None:
                again = combined_value(step.combine, [said[of - 1] for of in step.combine.of])
                assert number == pytest.approx(again, abs=0.005 if step.combine.op == "ratio" else 1e-9)
            else:
                assert abs(number - step.number) <= max(step.error, 0.006 * step.number) + 1e-9
        concluded = conclude(one.conclusion, said)
        assert isinstance(concluded, Length) or concluded == one.value


def test_equations_are_right_as_they_are_printed(chains):
    """Reads "a − b = c" back from the text and computes it, whatever the records say."""
    checked = 0
    for _, one in chains:
        for step in one.steps:
            if step.combine is None or step.combine.op == "given":
                continue
            words = step.says.replace(",", " ").replace(";", " ").rstrip(".").split()
            marks = {"+": np.add, "−": np.subtract, "×": np.multiply, "/": np.divide}
            place = next(i for i, word in enumerate(words) if word in marks)
            equals = words.index("=", place)
            first = float(words[place - 1] if words[place] == "×" else words[place - 2])
            result = marks[words[place]](first, float(words[place + 1]))
            assert float(words[equals + 1]) == pytest.approx(result, abs=0.0051 if words[place] == "/" else 1e-6)
            checked += 1
    assert checked > 200


def test_names_of_all_objects_stand_in_the_question_or_the_steps(chains):
    for _, one in chains:
        told = " ".join([one.question, *(step.says for step in one.steps)]).lower()
        assert all(name.lower() in told for name in one.names.values())
        assert "[" not in one.question + one.text.replace("[You]", "").replace("[Friend]", "")


def test_json_both_ways(chains):
    for _, one in chains:
        assert chain_from_json(json.loads(json.dumps(chain_to_json(one)))) == one


@pytest.mark.parametrize("data", [{}, {"frame_id": "x"}, {"steps": 3}])
def test_json_of_something_else(data):
    with pytest.raises(UserError, match="spatialvlm chains"):
        chain_from_json(data)


def test_refusals_are_counted_by_known_reasons(scenes):
    found = set(joined.from_iterable(draw_chains(scene, 20).refusals for scene in scenes))
    assert {kind for kind, _ in found} <= set(CHAIN_KINDS)
    assert {reason for _, reason in found} <= set(CHAIN_REASONS)
    assert "too_close_to_call" in {reason for _, reason in found}


def test_a_scene_without_metres_gives_no_chain(scenes):
    relative = replace(scenes[1], scale="relative")
    assert sv.chains_of(relative) == []
    assert {reason for _, reason in draw_chains(relative).refusals} == {"not_measured"}


def test_replay_needs_the_objects_and_says_what_is_refused(scenes):
    one = sv.chains_of(scenes[1], 1)[0]
    with pytest.raises(UserError, match="no objects"):
        replay(one, replace(scenes[1], objects=()))
    assert replay(one, replace(scenes[1], scale="relative")) == CannotTell("relative_scale")


def test_wrong_use(scenes):
    with pytest.raises(UserError, match="count -1, seed 0: expected 0 or more"):
        sv.chains_of(scenes[0], -1)


def length(metres: float, error: float, *subjects: str) -> Fact:
    return Fact("distance", subjects, Length(metres), error, "world")


def test_the_error_of_scale_cancels_in_a_ratio_and_counts_for_the_difference_alone():
    working = Working(0.1)
    working.measured(length(2.0, 0.2, "a", "b"))
    working.measured(length(1.9, 0.19, "c", "d"))
    assert working.error(working.combined(Combine("difference", (1, 2)))) == pytest.approx(0.01)
    assert working.error(working.combined(Combine("ratio", (1, 2)))) == pytest.approx(0.0, abs=1e-9)
    assert working.error(working.combined(Combine("sum", (1, 2)))) == pytest.approx(0.39)
    given = working.combined(Combine("given", (), 1.0))
    assert working.error(working.steps[0].minus(given)) == pytest.approx(0.2)


@pytest.mark.parametrize(("subjects", "expected"), [(("c", "d"), 0.05), (("b", "c"), 0.07)])
def test_errors_of_lengths_that_share_an_object_are_added_in_full(subjects, expected):
    working = Working(0.0)
    working.measured(length(1.0, 0.03, "a", "b"))
    working.measured(length(2.0, 0.04, *subjects))
    assert working.error(working.combined(Combine("sum", (1, 2)))) == pytest.approx(expected)


@pytest.mark.parametrize(("second", "holds"), [(1.10, True), (1.05, False)])
def test_a_conclusion_must_hold_by_three_sigmas(second, holds):
    working = Working(0.0)
    working.measured(length(1.0, 0.02, "a", "b"))
    working.measured(length(second, 0.02, "c", "d"))
    assert (sigmas(Conclusion("greater", (1, 2)), working) >= SIGMAS) == holds


def test_conclusions():
    numbers = [3.0, 1.0, 2.0]
    options = ("a", "b", "c")
    assert conclude(Conclusion("greater", (1, 2)), numbers) == YesNo(True)
    assert conclude(Conclusion("any_less", (1, 2, 3, 1)), numbers) == YesNo(True)
    assert conclude(Conclusion("any_less", (1, 2, 3, 2)), numbers) == YesNo(False)
    assert conclude(Conclusion("least", (1, 2, 3), options), numbers) == Choice(options, 1)
    assert conclude(Conclusion("descending", (1, 2, 3), options), numbers) == Order(("a", "c", "b"))
    assert conclude(Conclusion("chained", (1, 2), options), [1.0, -0.5]) is None
    assert conclude(Conclusion("whole", (1,)), [2.5]) == Count(3)


def test_what_the_rounded_words_would_turn_round_is_refused(scenes, monkeypatch):
    """With one digit fewer, as if the words were coarser, 1.4 and 1.35 would come out alike."""
    book = FactBook(scenes[0])
    a, b = list(book.things)[:2]
    draft = Draft(book, "compare")
    x = draft.measure(length(1.40, 0.001, a, b))
    y = draft.measure(length(1.35, 0.001, b, a))
    draft.conclusion = Conclusion("greater", (x, y))
    assert not isinstance(work_out(draft), str)
    coarse = Numbers.measured
    monkeypatch.setattr(Numbers, "measured", lambda self, metres, error: coarse(self, round(metres, 0), error))
    assert work_out(draft) == "rounding"


@pytest.mark.parametrize(
    ("metres", "error", "unit", "said"),
    [
        (1.04, 0.005, METER, "1.04 m"),
        (1.04, 0.05, METER, "1.0 m"),
        (0.4, 0.01, METER, "0.40 m"),
        (0.0613, 0.003, CENTIMETER, "6.1 cm"),
        (0.996, 0.01, CENTIMETER, "100 cm"),
        (0.9996, 0.01, METER, "1.0 m"),
    ],
)
def test_numbers_have_the_digits_that_their_error_allows(metres, error, unit, said):
    numbers = Numbers(unit)
    assert numbers.say(numbers.measured(metres, error)) == said


def test_one_unit_for_a_chain_and_errors_of_one_digit():
    assert numbers_for([0.3, 0.9]).unit is CENTIMETER
    assert numbers_for([0.05, 1.4]).unit is CENTIMETER
    assert numbers_for([0.3, 1.4]).unit is METER
    assert Numbers(METER).say_error(0.013) == "2 cm"
    assert Numbers(METER).say_error(0.31) == "0.4 m"
    assert rounded_up(0.0) == 0.0
