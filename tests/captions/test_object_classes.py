"""Classes of things: what is one class by its captions, what makes it doubtful, and nouns in the plural."""

from dataclasses import replace

import pytest

from fixtures.worlds.phrase_scenes import make_scene
from spatialvlm.captions import classes_of, plural_of
from spatialvlm.records import Scene

MUGS = ("mug", "white mug on the desk", "desk")


def scene_with(*captions: str | tuple[str, ...], unlifted: tuple[str, ...] = ()) -> Scene:
    """A scene of things with these captions; what follows was not lifted."""
    scene = make_scene(["?"] * (len(captions) + len(unlifted)))
    things = [
        replace(o, instance=replace(o.instance, captions=(said,) if isinstance(said, str) else said))
        for o, said in zip(scene.objects, (*captions, *unlifted))
    ]
    left = tuple(thing.instance for thing in things[len(captions) :])
    return replace(scene, objects=tuple(things[: len(captions)]), unlifted=left)


def doubts(scene: Scene) -> dict[str, tuple[int, str | None]]:
    return {one.noun: (len(one.members), one.doubt) for one in classes_of(scene)}


def test_what_has_one_head_is_of_one_class():
    assert doubts(scene_with(*MUGS)) == {"mug": (2, None), "desk": (1, None)}
    assert [one.members for one in classes_of(scene_with(*MUGS))] == [(0, 1), (2,)]
    assert doubts(scene_with("table lamp", "floor lamp")) == {"lamp": (2, None)}
    assert classes_of(scene_with()) == ()


@pytest.mark.parametrize(
    ("captions", "unlifted", "doubt"),
    [
        (MUGS, ("mug",), "class_doubtful"),
        (MUGS, (("dish", "mug"),), "class_doubtful"),
        (MUGS, ((),), "class_doubtful"),
        ((*MUGS, ()), (), "class_doubtful"),
        (MUGS, ("lamp",), None),
        (("mug", ("bowl", "mug")), (), "class_disputed"),
        ((("mug", "bowl"), "desk"), (), "class_disputed"),
        (("mug", "cup"), (), "class_disputed"),
        (("mug",), ("glass",), "class_disputed"),
        (("mug", "shelf with mugs"), (), "class_disputed"),
        (("mug", "picture of a mug"), (), "class_disputed"),
        (("mug", "saucer under the mug"), (), None),
        (("mug", "mugs"), (), "class_uncounted"),
        (("mug", "pair of mugs"), (), "class_uncounted"),
        (("mug", "toy mug"), (), "class_uncounted"),
    ],
)
def test_what_makes_a_class_doubtful(captions, unlifted, doubt):
    assert doubts(scene_with(*captions, unlifted=unlifted))["mug"][1] == doubt


@pytest.mark.parametrize("caption", ["jeans", "furniture", "wall", "杯子", "sheep", "piece of cake"])
def test_what_has_no_number(caption):
    ((_, doubt),) = doubts(scene_with(caption)).values()
    assert doubt == (None if caption == "sheep" else "class_uncounted")


@pytest.mark.parametrize(
    ("noun", "plural"),
    [
        *(("mug", "mugs"), ("box", "boxes"), ("dish", "dishes"), ("glass", "glasses"), ("bench", "benches")),
        *(("berry", "berries"), ("toy", "toys"), ("shelf", "shelves"), ("knife", "knives"), ("man", "men")),
        *(
            ("snowman", "snowmen"),
            ("person", "people"),
            ("tomato", "tomatoes"),
            ("radio", "radios"),
            ("lens", "lenses"),
        ),
    ],
)
def test_plurals(noun, plural):
    assert plural_of(noun) == plural
