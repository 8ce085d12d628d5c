"""Names fit one thing each: in drawn rooms and in real frames, and what was found there."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from fixtures.worlds.phrase_scenes import make_facts, make_object, make_scene, scene_of
from spatialvlm.captions import clean, read
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.collect import open_rooms, open_source
from spatialvlm.pipeline.phrase import PhraseConfig, phrase
from spatialvlm.pipeline.phrase.references import Reference, refer
from spatialvlm.pipeline.phrase.similarity import Lexical
from spatialvlm.records import Frame, Object

CLAUSES = (" on the left", " on the right", " at the top of the image", " at the bottom of the image")
LEFT, RIGHT, MIDDLE = (50, 200, 110, 260), (500, 205, 560, 265), (300, 20, 360, 80)
ROOMS = 16


def answering(name: str, captions: Sequence[str]) -> bool:
    """All words of a name are true of a thing, by what its captions of that head say."""
    wanted = read(name)
    said = [words for words in map(read, map(clean, captions)) if words.head == wanted.head]
    before = {word for words in said for word in words.before}
    after = {word for words in said for word in words.after}
    return bool(said) and wanted.before <= before and wanted.after <= before | after


def ambiguous(objects: Sequence[Object], named: Sequence[Reference]) -> list[tuple[str, tuple[str, ...]]]:
    """The names that fit another thing too, and its captions; a clause tells two apart, and no more."""
    found = []
    for one in named:
        if one.phrase is None:
            continue
        bare = one.phrase.removeprefix("the ")
        for clause in CLAUSES if one.clause else ():
            bare = bare.removesuffix(clause)
        others = [o.instance.captions for o in objects if o.instance.id != one.object_id]
        fitting = [captions for captions in others if answering(bare, captions)]
        if len(fitting) > (one.clause is not None):
            found += [(one.phrase, captions) for captions in fitting]
    return found


def name(*things) -> list[Reference]:
    objects = [make_object(f"o{i}", captions, box) for i, (captions, box) in enumerate(things)]
    return list(refer(scene_of(objects), Lexical()))


def objects_of(frame: Frame) -> list[Object]:
    return [make_object(i.id, i.captions, tuple(i.box_xyxy.tolist())) for i in frame.instances or ()]


def test_names_in_rooms_fit_one_thing():
    rooms, count = open_rooms(ROOMS, seed=5), 0
    for index in range(ROOMS):
        captions = [thing.captions for thing in rooms.describe(index).things]
        boxes = [(90 * (i % 7), 70 * (i // 7), 90 * (i % 7) + 50, 70 * (i // 7) + 40) for i in range(len(captions))]
        objects = [make_object(f"o{i}", own, box) for i, (own, box) in enumerate(zip(captions, boxes))]
        named = refer(scene_of(objects), Lexical())
        count += sum(reference.phrase is not None for reference in named)
        assert not ambiguous(objects, named), index
    assert count > 8 * ROOMS


@pytest.mark.parametrize("folder", ["rgbd-tabletop", "rgbd-single-objects"])
def test_names_in_real_frames_fit_one_thing(assets, folder):
    source = open_source(str(assets / folder))
    for index in range(len(source)):
        frame = source.read(index).frame
        objects = objects_of(frame)
        named = refer(replace(scene_of(objects), camera=frame.camera), Lexical())
        assert not ambiguous(objects, named)
        unnamed = [o.instance.captions for o, one in zip(objects, named) if one.phrase is None]
        assert unnamed in ([], [("small black can",)])  # two others are cans of whose colour nobody says anything


def test_two_of_one_look_are_told_apart_whatever_they_are_called():
    """From a room with two blue striped pillows."""
    one = (("striped pillow", "square pillow", "pillow on the bed"), LEFT)
    other = (("blue pillow", "square blue pillow", "square striped pillow"), RIGHT)
    assert [r.phrase for r in name(one, other)] == ["the striped pillow on the left", "the blue pillow on the right"]
    assert [r.reason for r in name(one, (other[0], (55, 205, 115, 265)))] == ["reference_alike"] * 2


def test_silence_about_a_colour_denies_nothing():
    brown, wooden = (("brown nightstand",), LEFT), (("wooden nightstand", "nightstand"), RIGHT)
    assert [r.clause for r in name(brown, wooden)] == ["x", "x"]
    cans = (("tomato soup can",), LEFT), (("small black can",), RIGHT)
    assert [r.clause for r in name(*cans)] == ["x", "x"]


def test_what_one_caption_denies_another_need_not_say():
    named = name((("square pillow", "blue pillow"), LEFT), (("square pillow", "red pillow"), RIGHT))
    assert [r.phrase for r in named] == ["the blue pillow", "the red pillow"]


def test_captions_too_long_for_a_name_count_for_the_others():
    long = "white mug with a thin handle that somebody left standing beside the old lamp"
    named = name((("mug",), LEFT), ((long,), RIGHT))
    assert [r.phrase for r in named] == ["the mug on the left", None]


def asked(*captions: str) -> list[frozenset[str]]:
    scene = make_scene(captions)
    questions = phrase(scene, make_facts(scene), 0, PhraseConfig(questions_per_image=500)).questions
    return [frozenset(qa.fact.subjects) for qa in questions]


def test_a_name_that_relates_two_things_is_not_asked_about_both():
    about = asked("mug on the desk", "wooden desk", "desk lamp", "bowl")
    assert frozenset(("o0", "o1")) not in about
    assert {frozenset(("o0", "o2")), frozenset(("o0", "o3")), frozenset(("o1", "o2")), frozenset(("o0",))} <= set(about)


def test_on_the_floor_is_below_on_the_desk():
    scene = make_scene(("mug on the desk", "box on the floor", "bowl"))
    phrased = phrase(scene, make_facts(scene), 0, PhraseConfig(questions_per_image=500))
    for qa in phrased.questions:
        assert KINDS[qa.kind].quantity != "bottom" or set(qa.fact.subjects) != {"o0", "o1"}
    assert phrased.refusals["above_predicate", "given_away"] == 2


def test_a_side_in_a_name_tells_its_side_of_everything():
    objects = [
        make_object(f"o{i}", (text,), box)
        for i, (text, box) in enumerate(zip(("mug", "white mug", "lamp"), (LEFT, RIGHT, MIDDLE)))
    ]
    scene = scene_of(objects)
    questions = phrase(scene, make_facts(scene), 0, PhraseConfig(questions_per_image=500)).questions
    beside = [qa for qa in questions if KINDS[qa.kind].quantity == "x"]
    assert {KINDS[qa.kind].form.is_number for qa in beside} == {True}
    assert {qa.fact.subjects for qa in questions if KINDS[qa.kind].quantity == "y"}


def test_kinds_whose_answer_is_a_side_are_marked():
    sided = {name for name, kind in KINDS.items() if kind.sided}
    assert sided >= {name for name in KINDS if name.startswith("perspective")} | {"clock_direction", "bearing"}
    assert not sided & {"left_predicate", "distance", "height"}


def test_similarity_of_no_captions():
    assert refer(scene_of([]), Lexical()) == ()
    assert [r.reason for r in name(((), LEFT))] == ["reference_missing"]
    assert np.array(Lexical()([])).shape == (0, 0)
