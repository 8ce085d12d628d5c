"""Mode geometry: composed questions come to what the scene's own facts say, or it says that it cannot read them."""

from itertools import combinations

import numpy as np
import pytest

import spatialvlm as sv
from spatialvlm.answers import Choice, Count, Length, Order, YesNo
from spatialvlm.chains import Chain, chains_of
from spatialvlm.pipeline.phrase import object_names
from spatialvlm.records import Scene

pytest.importorskip("pydantic")
from spatialvlm.errors import UserError
from spatialvlm.reason import Desk, EndStep, Trace, reason_about
from spatialvlm.reason.asked_form import form_asked
from spatialvlm.reason.question_tags import names_in, names_said, tag
from spatialvlm.reason.trace import CallStep


@pytest.fixture(scope="module")
def names(scene) -> list[str]:
    return sorted(object_names(scene).values())


def asked(scene: Scene, question: str) -> EndStep:
    return reason_about(Desk(None, scene), question, None)


def length(scene: Scene, kind: str, *names: str) -> float:
    value = scene.ask(kind, *names).value
    assert isinstance(value, float)
    return value


def measurable(scene: Scene, kind: str, names: list[str]) -> list[str]:
    return [name for name in names if isinstance(scene.ask(kind, name).value, float)]


def test_lengths_are_summed_compared_and_divided(scene, names):
    one, other, *_ = measurable(scene, "height", names)
    tall, small = length(scene, "height", one), length(scene, "height", other)
    told = asked(scene, f"How high would {one} and {other} be, stacked?")
    assert (told.reason, told.unit) == ("answered", "m")
    assert told.value == pytest.approx(tall + small)
    assert asked(scene, f"How much taller is {one} than {other}?").value == pytest.approx(abs(tall - small))
    assert asked(scene, f"How many times as tall as {other} is {one}?").value == pytest.approx(tall / small)
    assert asked(scene, f"Is {one} taller than 3 m?").value is False
    assert asked(scene, f"What is the average height of {one} and {other}?").value == pytest.approx((tall + small) / 2)


def test_ways_and_triangles_are_those_of_the_centers(scene, names):
    three = next(
        some
        for some in combinations(names, 3)
        if all(isinstance(scene.distance(*two).value, float) for two in combinations(some, 2))
    )
    a, b, c = three
    sides = [length(scene, "distance", *two) for two in combinations(three, 2)]
    way = asked(scene, f"A fly goes from {a} straight to {b} and then to {c}. How far is that?")
    assert way.value == pytest.approx(length(scene, "distance", a, b) + length(scene, "distance", b, c))
    assert asked(scene, f"What is the perimeter of the triangle of {a}, {b} and {c}?").value == pytest.approx(
        sum(sides)
    )
    share = (max(sides) / min(sides) - 1) * 100
    wide = asked(scene, f"Do {a}, {b} and {c} form an equilateral triangle, within {share + 20:.0f} %?")
    assert wide.value is True
    assert len(wide.evidence) == 4
    farthest = max((b, c), key=lambda name: length(scene, "distance", a, name))
    told = asked(scene, f"Which is farthest from {a}: {b} or {c}?")
    assert f"the {told.value}".removeprefix("the ") in (f"the {farthest}", farthest)


def test_what_fits_is_decided_and_what_is_left(scene, names):
    a, b = next(two for two in combinations(names, 2) if isinstance(scene.gap(*two).value, float))
    gap = length(scene, "gap", a, b)
    for factor, expected in ((0.5, True), (2.0, False)):
        told = asked(scene, f"Can something {100 * factor * gap:.1f} cm wide pass between {a} and {b}?")
        assert told.value is expected
    left = asked(scene, f"If I put a box that is 1 cm wide between {a} and {b}, how much space is left?")
    assert left.value == pytest.approx(gap - 0.01)
    close = asked(scene, f"Can something {100 * gap:.3f} cm wide pass between {a} and {b}?")
    assert close.reason == "abstained"


def test_the_closer_of_two_is_chosen(scene, names):
    one, other = measurable(scene, "camera_distance", names)[:2]
    told = asked(scene, f"Which is closer to the camera: {one} or {other}?")
    expected = min((one, other), key=lambda name: length(scene, "camera_distance", name))
    assert (told.reason, told.value) == ("answered", expected)


def test_a_question_in_our_own_words_is_asked_of_the_scene(scene, names):
    one, other = names[:2]
    trace = Trace()
    told = reason_about(Desk(None, scene), f"How far apart are {one} and {other}?", None, trace=trace)
    assert told.value == scene.distance(one, other).value
    assert [step.name for step in trace.steps if isinstance(step, CallStep)] == ["distance"]


def test_without_a_scene_who_sees_is_asked_for_each_length():
    heard: list[str] = []

    def sees(question: str) -> str:
        heard.append(question)
        return {"How tall is the mug?": "10 cm", "How tall is the red box?": "0.3 m"}.get(question, "a cat")

    def told(question: str) -> EndStep:
        return reason_about(Desk(sv.Frame.of(np.zeros((8, 8, 3), np.uint8), id="photo"), None, sees), question, None)

    sum_of_both = told("How high would the mug and the red box be, stacked?")
    assert (sum_of_both.value, sum_of_both.unit) == (pytest.approx(0.4), "m")
    assert sum_of_both.sigma == pytest.approx(0.3 * np.hypot(0.1, 0.3))
    assert heard == ["How tall is the mug?", "How tall is the red box?"]
    assert told("How tall is the mug?").value == pytest.approx(0.1)
    vague = told("How many times as wide as the mug is the red box?")
    assert vague.reason == "abstained"
    assert "a cat" in vague.text
    assert told("Why is the sky blue?").reason == "no_answer"


@pytest.mark.parametrize(
    ("question", "form"),
    [
        ("how much taller is <a> than <b>?", "figure"),
        ("put <a> onto <b>. what height do you get?", "figure"),
        ("which of <a> and <b> is taller?", "name"),
        ("standing at <a>, what would i get to first: <b> or <c>?", "name"),
        ("arrange <a>, <b> and <c> from left to right", "order"),
        ("a cable of {0.4}. does it reach from <a> to <b>?", "yes_no"),
        ("i want to know if <a> fits between <b> and <c>", "yes_no"),
        ("look at <a>", None),
    ],
)
def test_the_form_of_the_answer_is_told_by_the_words(question: str, form: str | None):
    assert form_asked(question) == form


def test_what_names_more_than_a_rule_looks_at_is_not_answered(scene, names):
    one, other = measurable(scene, "height", names)[:2]
    third = next(name for name in names if name not in (one, other))
    assert asked(scene, f"How tall is {one}, with {other} next to it?").reason == "no_answer"
    assert asked(scene, f"Would three of {one}, stacked, be taller than 2 m?").reason == "no_answer"
    assert asked(scene, f"How many boxes of {one} fit beside {other}?").reason == "no_answer"
    assert asked(scene, f"Is {one} taller than {other}, or 3 m higher than {third}?").reason == "no_answer"


def value_of(chain: Chain) -> object:
    match chain.value:
        case YesNo(yes):
            return yes
        case Length(metres):
            return pytest.approx(metres, rel=0.01)
        case Count(number):
            return pytest.approx(number, abs=0.5)
        case Choice() as choice:
            return choice.chosen
        case Order(items):
            return ", ".join(items)
    return None


def test_chains_of_the_data_engine_come_to_their_own_conclusions():
    right, read, count = 0, 0, 0
    for number in range(3):
        scene = sv.lift(sv.collect(f"shapes:{number + 1}")[-1].frame).scene
        assert scene is not None
        for chain in chains_of(scene, 8, seed=number):
            told = asked(scene, chain.question)
            count += 1
            read += told.done
            right += told.value == value_of(chain) or (
                isinstance(chain.value, Choice) and str(told.value).removeprefix("the ") in chain.value.chosen
            )
    assert count > 10
    assert read >= 0.9 * count
    assert right >= 0.9 * read


def test_what_cannot_be_read_is_said(scene, names):
    assert "cannot read this" in asked(scene, "Why is the sky blue?").text
    assert asked(scene, "Why is the sky blue?").reason == "no_answer"
    assert asked(scene, f"Is the dragon taller than {names[0]}?").reason in ("no_answer", "abstained")
    with pytest.raises(UserError, match="leave --llm out"):
        reason_about(Desk(None, scene), "How tall?", "http://localhost:1/v1#m", "geometry")
    with pytest.raises(UserError, match="mode tools: lacks a language model"):
        reason_about(Desk(None, scene), "How tall?", None, "tools")


def test_names_and_lengths_are_tagged(scene, names):
    one, other = names[:2]
    told = tag(f"Can a 60-cm robot pass between {one} and {other.upper()}? {one}!", names_in(scene))
    assert told.text == "can a {0.6} robot pass between <a> and <b>? <a>!"
    assert len(told.things) == 2
    assert tag("can it light the room?", {"can": frozenset("1"), "light": frozenset("2")}).things == ()
    said = names_said("In this picture, is the red can on the table nearer to my lamp than the camera is?")
    assert [*said] == ["red can on the table", "lamp"]
    with pytest.raises(UserError, match="several things are called so"):
        tag("how tall is the mug?", {"mug": frozenset(("1", "2"))})
