"""Talks about scenes: points lie on what is named, lengths that are said first are right, colours are the things'."""

from itertools import pairwise

import numpy as np
import pytest

from spatialvlm.dataset import SceneQuestions
from spatialvlm.errors import UserError
from spatialvlm.geometry import decode_mask
from spatialvlm.pipeline.phrase import PhraseConfig
from spatialvlm.quantities import parse
from spatialvlm.train.nano.curriculum import STAGES, lessons_of
from spatialvlm.train.nano.scene_talk import TALKS, lengths_first, looks, names_at_points, talk
from spatialvlm.train.spatial_rows import COMPARED, asked_readings, named_objects


@pytest.fixture(scope="module")
def scenes(stored):
    kinds = tuple(f"{side}_choice" for side in COMPARED)
    asked = SceneQuestions(stored, mix=PhraseConfig(questions_per_image=200, kinds=kinds), images=False)
    return [one for one in asked if one.scene.objects]


def test_things_are_named_at_points_that_lie_on_them(scenes):
    scene = scenes[0].scene
    told = names_at_points(scene, (), np.random.default_rng(0))
    captions = {thing.instance.captions[0] for thing in scene.objects}
    assert told
    for one in told:
        (_, question), (_, answer) = one.turns
        named = one.named[0]
        x, y = (float(number) for number in named.name.strip("()").split(", "))
        height, width = named.mask.shape
        assert named.name in question
        assert answer in captions
        assert named.mask[round(y * height - 0.5), round(x * width - 0.5)]


def test_lengths_that_are_said_first_are_those_of_the_things(scenes):
    rng, checked = np.random.default_rng(0), 0
    for one in scenes:
        for qa in one.questions:
            for dialogue in lengths_first(one.scene, (qa,), rng):
                (_, question), (_, answer) = dialogue.turns
                assert question.startswith(qa.question)
                assert answer.endswith(f". {qa.answer}")
                said = answer.removesuffix(f". {qa.answer}").split(", ")
                known = [float(np.exp(named.readings[COMPARED[qa.kind.split("_")[0]]])) for named in dialogue.named]
                assert [parse(part.partition(": ")[2]) for part in said] == pytest.approx(known, rel=0.5)
                assert [part.partition(": ")[0] for part in said] == [named.name for named in dialogue.named]
                checked += 1
    assert checked > 5


def test_looks_are_true_of_the_captions(scenes):
    rng, colours = np.random.default_rng(0), 0
    for one in scenes:
        first, *asked = looks(one.scene, (), rng)
        assert {*first.turns[1][1].split(", ")} <= {thing.instance.captions[0] for thing in one.scene.objects}
        for dialogue in asked:
            mask, colour = dialogue.named[0].mask, dialogue.turns[1][1]
            meant = [
                thing.instance.captions
                for thing in one.scene.objects
                if np.array_equal(decode_mask(thing.instance.mask), mask)
            ]
            assert any(dialogue.named[0].name in caption for caption in meant[0])
            assert any(colour in caption for caption in meant[0])
            colours += 1
    assert colours >= 2


def test_every_stage_asks_what_the_one_before_asked():
    kinds = [{*lessons_of(stage).kinds} for stage in STAGES]
    assert all(earlier < later for earlier, later in pairwise(kinds))
    assert {talk for lessons in STAGES.values() for talk in lessons.talks} <= TALKS.keys()
    with pytest.raises(UserError, match="stage 'none'"):
        lessons_of("none")
    with pytest.raises(UserError, match="talk 'none'"):
        talk(("none",))


def test_what_a_question_asks_is_known_as_numbers(scenes):
    told = [
        (qa, *asked_readings(qa, named))
        for one in scenes[:6]
        for qa in one.questions
        if (named := named_objects(one.scene, qa)) and qa.value.chosen in qa.names
    ]
    assert sum(not np.isnan(speaks) for _, _, speaks in told) > 5
    for qa, length, speaks in told:
        assert np.isnan(length)  # choices ask for no length
        first = min(qa.names, key=lambda name: qa.question.lower().find(name.lower()))
        assert np.isnan(speaks) or (qa.value.chosen == first) == (speaks > 0)
