"""Named things are held against what such things measure: a wrong unit is said once, a right scene says nothing."""

from dataclasses import replace

import pytest

from spatialvlm.pipeline.collect import CollectConfig, collect
from spatialvlm.pipeline.lift import lift
from spatialvlm.pipeline.lift.likely_sizes import size_doubts
from spatialvlm.records import Scene


@pytest.fixture(scope="module")
def scene() -> Scene:
    frame = collect("rooms:1", CollectConfig((320, 240), 1), seed=5)[0].frame
    assert frame is not None
    lifted = lift(frame).scene
    assert lifted is not None
    return lifted


def scaled(scene: Scene, factor: float) -> Scene:
    objects = [
        replace(o, box=replace(o.box, **{n: factor * getattr(o.box, n) for n in ("low_in_world", "high_in_world")}))
        for o in scene.objects
    ]
    return replace(scene, objects=tuple(objects))


@pytest.mark.parametrize(
    ("factor", "cause"),
    [(1000, "millimetres"), (0.001, "millimetres"), (100, "centimetres"), (10, "ten times"), (1, None)],
)
def test_a_wrong_unit_is_named(scene: Scene, factor: float, cause: str | None):
    told = list(size_doubts(scaled(scene, factor)))
    assert len(told) == (cause is not None)
    assert all(text.startswith("size_doubtful: ") and str(cause) in text for text in told)
    assert not list(size_doubts(replace(scaled(scene, factor), scale="relative")))
