"""Counts of a class: how many there are, whatever their order, and what is not asked."""

from dataclasses import replace

import numpy as np

from fixtures.worlds.phrase_scenes import make_scene
from spatialvlm.answers import Count
from spatialvlm.evaluate.own_scoring import score
from spatialvlm.pipeline.measure import measure, measure_all
from spatialvlm.pipeline.phrase import PhraseConfig, phrase
from spatialvlm.records import Scene

KIND = "count_of_class"
THINGS = ("mug", "lamp", "red mug", "chair", "book", "chair", "chair")


def counted(scene: Scene) -> dict[tuple[str, ...], int]:
    """The number of each class that is asked about, by the captions of what counts."""
    said = {o.instance.id: o.instance.captions[0] for o in scene.objects}
    facts = list(measure(scene, kinds=[KIND]))
    assert all(isinstance(fact.answer, Count) and fact.answer.number == len(fact.subjects) for fact in facts)
    return {tuple(said[subject] for subject in fact.subjects): len(fact.subjects) for fact in facts}


def refused(scene: Scene) -> dict[str, int]:
    return {reason: count for (_, reason), count in measure(scene, kinds=[KIND]).refusals.items()}


def test_all_of_a_class_are_counted_and_lone_things_as_often_as_twos():
    scene = make_scene(THINGS)
    several = {("mug", "red mug"): 2, ("chair",) * 3: 3}
    assert counted(scene) in (several | {("book",): 1}, several | {("lamp",): 1})
    assert refused(scene) == {"outweighed": 1}
    assert counted(make_scene(("mug", "lamp"))) == {}
    assert refused(make_scene(("mug", "lamp"))) == {"outweighed": 2}


def test_more_than_five_are_not_counted_and_neither_is_what_is_hardly_seen():
    many = make_scene(("mug",) * 6)
    assert refused(many) == {"class_large": 1}
    assert refused(replace(many, objects=many.objects[1:])) == {}
    speck = replace(many.objects[0].instance, box_xyxy=np.array([10.0, 10.0, 18.0, 25.0], np.float32))
    small = replace(many, objects=(replace(many.objects[0], instance=speck), many.objects[1]))
    assert refused(small) == {"class_doubtful": 1}


def test_a_corner_of_a_thing_at_the_border_is_not_counted_and_neither_is_what_comes_in_bunches():
    scene = make_scene(("mug", "mug"))
    corner = replace(scene.objects[0].instance, box_xyxy=np.array([0.0, 0.0, 40.0, 40.0], np.float32))
    for cut, expected in ((False, {}), (True, {"class_doubtful": 1})):
        first = replace(scene.objects[0], instance=corner, truncated=cut)
        assert refused(replace(scene, objects=(first, scene.objects[1]))) == expected
    assert refused(make_scene(("yellow banana", "banana"))) == {"class_uncounted": 1}


def test_a_scene_among_others_has_the_counts_that_it_has_alone():
    scenes = [make_scene(THINGS, "a"), make_scene((), "b"), make_scene(("cup",) * 3, "c")]
    together = [list(facts) for facts in measure_all(scenes, kinds=[KIND])]
    assert together == [list(measure(scene, kinds=[KIND])) for scene in scenes]
    assert [len(facts) for facts in together] == [3, 0, 1]


def test_a_class_is_asked_about_though_its_things_have_no_names():
    scene = make_scene(THINGS)
    config = PhraseConfig(kinds=(KIND,), refer=("mark", "caption"), ways=("open", "choice", "json"))
    for seed in range(5):
        questions = phrase(scene, measure(scene, kinds=[KIND]), seed, config).questions
        assert sorted(qa.fact.answer.number for qa in questions) == [1, 2, 3]
        for qa in questions:
            nouns = {1: ("book", "lamp"), 2: ("mug",), 3: ("chair",)}[qa.fact.answer.number]
            assert any(noun in qa.question for noun in nouns)
            assert (qa.names, qa.reference) == ((), "class")
            assert score(qa, qa.answer).value == 1.0


def test_a_scene_tells_how_many():
    scene = make_scene(THINGS)
    assert [scene.count_of_class(noun).value for noun in ("chair", "mugs", "lamp")] == [3, 2, 1]
    assert scene.count_of_class("chair").fact.subjects == ("o3", "o5", "o6")
    left = replace(scene, unlifted=(scene.objects[0].instance,))
    assert left.count_of_class("mug").value is None
