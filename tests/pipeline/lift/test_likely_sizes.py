"""Named things are held against what such things measure: a wrong unit is said once, a right scene says nothing."""

from dataclasses import replace

import numpy as np
import pytest

from spatialvlm.pipeline.collect import collect
from spatialvlm.pipeline.lift import lift
from spatialvlm.pipeline.lift.likely_sizes import size_doubts, without_doubtful_scale
from spatialvlm.records import Object, Scene

THINGS = {"red mug": 0.1, "a chair": 0.9, "wooden table": 1.5, "thingummy": 77.0}


@pytest.fixture(scope="module")
def one() -> tuple[Scene, Object]:
    frame = collect("shapes:1")[0].frame
    assert frame is not None
    scene = lift(frame).scene
    assert scene is not None
    return scene, scene.objects[0]


def with_things(one: tuple[Scene, Object], sizes: dict[str, float], factor: float = 1, **flags: bool) -> Scene:
    scene, thing = one
    objects = [
        replace(
            thing,
            instance=replace(thing.instance, captions=(name,)),
            box=replace(thing.box, low_in_world=np.zeros(3), high_in_world=factor * size * np.array([0.5, 0.7, 1])),
            **{"truncated": False, "occluded": False, **flags},
        )
        for name, size in sizes.items()
    ]
    return replace(scene, objects=tuple(objects))


@pytest.mark.parametrize(
    ("factor", "cause"),
    [
        (1000, "millimetres"),
        (0.001, "millimetres"),
        (100, "centimetres"),
        (10, "ten times"),
        (0.1, "ten times"),
        (4, ""),
    ],
)
def test_a_wrong_unit_is_named(one: tuple[Scene, Object], factor: float, cause: str):
    (told,) = size_doubts(with_things(one, THINGS, factor))
    assert told.startswith(("size_doubtful: frame 'shapes-", "size_odd: ")[factor == 4])
    assert cause in told


def test_what_is_right_hidden_or_without_a_unit_says_nothing(one: tuple[Scene, Object]):
    assert not list(size_doubts(with_things(one, THINGS)))
    assert not list(size_doubts(with_things(one, THINGS, 0.01, occluded=True)))
    assert not list(size_doubts(replace(with_things(one, THINGS, 1000), scale="relative")))


def test_one_odd_thing_is_no_wrong_unit(one: tuple[Scene, Object]):
    (told,) = size_doubts(with_things(one, {**THINGS, "blue mug": 60.0}))
    assert told.startswith("size_odd: frame 'shapes-")
    assert "'blue mug' measures 60 m, usual are 0.06 to 0.22 m" in told


def test_a_models_scale_that_things_contradict_is_none(one: tuple[Scene, Object]):
    """It has its own error of scale for slack; where it fits more than half of the things, it stays."""
    right, far = with_things(one, THINGS), with_things(one, THINGS, 4)
    right, far = (replace(scene, errors=replace(scene.errors, scale=0.25)) for scene in (right, far))
    assert without_doubtful_scale(right) is right
    told = without_doubtful_scale(far)
    assert told.scale == "relative"
    assert "'red mug' measures 0.4 m, usual are 0.06 to 0.22 m" in told.scale_provenance
    assert without_doubtful_scale(replace(far, errors=replace(far.errors, scale=3.0))).scale == "metric"
    for times, scale in ((1, "relative"), (2, "metric")):
        mixed = replace(far, objects=(*far.objects, *times * right.objects))
        assert without_doubtful_scale(mixed).scale == scale
