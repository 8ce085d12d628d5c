"""Naming objects: which captions serve, which are alike, and how two alike things are told apart."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.worlds.phrase_scenes import make_object, scene_of
from spatialvlm.captions import clean, read, usable
from spatialvlm.errors import UserError
from spatialvlm.geometry import encode_mask
from spatialvlm.pipeline.phrase.references import Reference, refer
from spatialvlm.pipeline.phrase.similarity import Lexical, load_similarity
from spatialvlm.records import Instance, Object

LEFT, RIGHT, TOP, BOTTOM = (50, 200, 110, 260), (500, 205, 560, 265), (300, 20, 360, 80), (310, 380, 370, 440)
BETWEEN = (250, 210, 310, 270)

# The calibration of the lexical similarity: at its threshold of 0.5 or above, a reader may take one for the other.
ALIKE = [
    ("cake shaped like a house", "cake in container"),  # paper, figure 12: three cakes form a group
    ("cake in container", "cake on the plate"),
    ("cake shaped like a house", "cake on the plate"),
    ("tall red box", "red box"),
    ("mug", "white mug"),
    ("mug", "Mugs"),
    ("mug", "mug on the table"),
    ("dark blue mug", "blue mug"),
    ("box", "box 2"),
    ("piece of cake", "cake"),
    ("black office chair", "office chair"),
    ("can of tomato soup", "tomato soup can"),
    ("tomato soup can", "small black can"),  # nobody says what is in the black one
    ("mug", "white cup"),
    ("armchair", "wooden chair"),
    ("🧸", "🧸"),
]
SEPARATE = [
    ("girl wearing a blue sweatshirt", "girl wearing a purple shirt"),  # paper, figure 12: two girls stay
    ("red box", "blue box"),
    ("tomato soup can", "potted meat can"),
    ("white bowl", "teal bowl"),
    ("tall red box", "short red box"),
    ("dark blue mug", "light blue mug"),
    ("white mug", "dark blue mug"),
    ("box 1", "box 2"),
    ("coffee mug", "coffee table"),
    ("cake", "plate with cake"),
    ("🧸", "🪑"),
    ("红色的盒子", "蓝色的盒子"),
]


def name(*things) -> list[Reference]:
    """References of (captions, box) pairs in an image of 640 x 480."""
    objects = [make_object(f"o{i}", captions, box) for i, (captions, box) in enumerate(things)]
    return list(refer(scene_of(objects), Lexical()))


def phrases(*things) -> list[str | None]:
    return [reference.phrase for reference in name(*things)]


@pytest.mark.parametrize(("one", "other", "alike"), [(*p, True) for p in ALIKE] + [(*p, False) for p in SEPARATE])
def test_calibration(one, other, alike):
    value = Lexical()([one, other]).item(0, 1)
    assert (value >= Lexical.threshold) is alike, value


def test_similarity_is_a_symmetric_matrix_with_ones_on_the_diagonal():
    captions = [text for pair in ALIKE + SEPARATE for text in pair]
    matrix = Lexical()(captions)
    assert np.array_equal(matrix, matrix.T)
    assert (np.diag(matrix) == 1).all()
    assert matrix.min() >= 0
    assert matrix.max() <= 1
    assert Lexical()([]).shape == (0, 0)


def test_an_unknown_similarity_is_a_user_error():
    with pytest.raises(UserError, match="lexical"):
        load_similarity("clipped")


@pytest.mark.parametrize(
    ("caption", "phrase"),
    [
        ("a red box", "the red box"),
        ("The IKEA Shelf.", "the IKEA Shelf"),
        ("  some \n green\tapples ", "the green apples"),
        ("anchor", "the anchor"),
        ('{mug} of %s \'n "100%" [A] {0}', 'the {mug} of %s \'n "100%" [A] {0}'),
        ("🧸 bear", "the 🧸 bear"),
        ("broken \ud83d emoji box", "the broken emoji box"),
        ("wall clock", "the wall clock"),
        ("picture on the wall", "the picture on the wall"),
    ],
)
def test_a_lone_caption_is_said_verbatim_with_the_article(caption, phrase):
    assert phrases(((caption,), LEFT)) == [phrase]


@pytest.mark.parametrize(
    ("captions", "reason"),
    [
        ((), "reference_missing"),
        (("", "  ", "the", "."), "reference_missing"),
        (("x" * 81,), "reference_long"),
        (("one two three four five six seven eight nine ten eleven twelve thirteen",), "reference_long"),
        (("blue sky",), "reference_background"),
        (("the Floor", "walls with pictures"), "reference_background"),
        (("patch of green grass",), "reference_background"),
    ],
)
def test_what_cannot_be_named_has_a_reason(captions, reason):
    (reference,) = name((captions, LEFT))
    assert (reference.phrase, reference.reason) == (None, reason)


def test_the_first_usable_caption_is_taken():
    assert phrases((("", "the wall", "poster", "picture"), LEFT)) == ["the poster"]


def test_two_alike_are_told_apart_by_their_place():
    assert phrases((("mug",), RIGHT), (("white mug",), LEFT)) == ["the mug on the right", "the white mug on the left"]
    assert phrases((("mug",), TOP), (("mug",), BOTTOM)) == [
        "the mug at the top of the image",
        "the mug at the bottom of the image",
    ]


def test_two_alike_in_one_place_are_dropped():
    nearly = (55, 205, 115, 265)
    assert [r.reason for r in name((("mug",), LEFT), (("mug",), nearly))] == ["reference_alike"] * 2


def test_more_than_two_alike_are_dropped_and_the_others_stay():
    cakes = [(caption,) for caption in ("cake shaped like a house", "cake in container", "cake on the plate")]
    girls = [("girl wearing a blue sweatshirt",), ("girl wearing a purple shirt",)]
    references = name(*zip((*cakes, *girls), (LEFT, RIGHT, TOP, BOTTOM, BETWEEN)))
    assert [r.reason for r in references] == ["reference_group"] * 3 + [None] * 2
    assert [r.clause for r in references] == [None] * 5


def test_a_group_is_what_answers_to_one_name():
    things = (("red mug",), LEFT), (("mug",), RIGHT), (("blue mug",), TOP)
    assert phrases(*things) == ["the red mug on the left", None, "the blue mug on the left"]
    assert [r.reason for r in name(*things)] == [None, "reference_group", None]


def sized(width: int, height: int, box, caption: str = "mug") -> Object:
    """An object of which so much is seen, in a picture of 1000 x 1000."""
    mask = np.zeros((1000, 1000), bool)
    mask[:height, :width] = True
    thing = make_object("small", (caption,), box)
    return replace(thing, instance=replace(thing.instance, mask=mask))


@pytest.mark.parametrize("coded", [False, True])
def test_what_is_hardly_seen_is_not_asked_about_by_its_name_alone(coded):
    def said(thing: Object, *others: Object) -> str | None:
        instance = thing.instance
        thing = replace(thing, instance=replace(instance, mask=encode_mask(instance.mask) if coded else instance.mask))
        reference, *_ = refer(scene_of([thing, *others]), Lexical())
        return reference.phrase or reference.reason

    assert said(sized(30, 50, BETWEEN)) == "the mug"
    assert said(sized(30, 49, BETWEEN)) == "reference_small"
    assert said(sized(30, 49, LEFT)) == "the mug on the left"
    assert said(sized(30, 49, TOP)) == "the mug at the top of the image"
    assert said(sized(30, 49, BETWEEN), make_object("twin", ("mug",), RIGHT)) == "the mug on the left"
    assert said(sized(30, 49, BETWEEN), make_object("other", ("cup",), RIGHT)) == "the mug on the left"


def test_a_part_of_something_else_answers_too_unless_it_is_the_thing():
    plant = (("potted plant",), (40, 100, 160, 300))
    assert phrases((("pot",), RIGHT), plant) == ["the pot on the right", "the potted plant"]
    assert phrases((("pot",), LEFT), plant) == ["the pot", "the potted plant"]
    apples = (("bowl of apples",), LEFT)
    assert phrases((("apple",), RIGHT), apples) == ["the apple on the right", "the bowl of apples"]


def test_another_caption_that_fits_nothing_else_is_preferred():
    assert phrases((("box", "red box"), LEFT), (("box", "blue box"), RIGHT)) == ["the red box", "the blue box"]
    three = ((("box", "red box"), LEFT), (("box", "blue box"), RIGHT), (("box", "green box"), TOP))
    assert phrases(*three) == ["the red box", "the blue box", "the green box"]
    # nobody knows the colour of the second box
    assert phrases((("box", "red box"), LEFT), (("box",), RIGHT)) == ["the box on the left", "the box on the right"]


def test_names_are_unique_and_do_not_depend_on_the_order():
    rng = random.Random(5)
    captions = ["mug", "white mug", "red box", "box", "blue box", "toy", "cake on the plate", "cake", "sky", "lamp", ""]
    for _ in range(300):
        things = [
            (
                tuple(rng.sample(captions, rng.randint(1, 3))),
                (x := rng.uniform(0, 560), y := rng.uniform(0, 400), x + rng.uniform(9, 80), y + rng.uniform(9, 80)),
            )
            for _ in range(rng.randint(1, 7))
        ]
        found = name(*things)
        said = [r.phrase for r in found if r.phrase]
        assert len(set(said)) == len(said)
        assert all((r.phrase is None) != (r.reason is None) for r in found)
        order = rng.sample(range(len(things)), len(things))
        again = name(*(things[i] for i in order))
        strip = [(found[i].phrase, found[i].reason, found[i].says) for i in order]
        assert [(r.phrase, r.reason, r.says) for r in again] == strip


def test_no_name_fits_what_was_seen_but_not_lifted():
    mug, tiny = make_object("mug", ("mug", "white mug"), LEFT), make_object("tiny", ("mug",), RIGHT).instance
    scene = scene_of([mug, make_object("lamp", ("lamp",), TOP)])

    def said(*others: Instance) -> list[str | None]:
        return [one.phrase or one.reason for one in refer(replace(scene, unlifted=others), Lexical())]

    assert said() == ["the mug", "the lamp"]
    assert said(tiny) == ["the mug on the left", "the lamp"]
    assert said(tiny, replace(tiny, id="another")) == ["reference_group", "the lamp"]
    assert said(replace(tiny, box_xyxy=mug.instance.box_xyxy + 1)) == ["reference_alike", "the lamp"]
    assert said(replace(tiny, captions=("mug", "red mug"))) == ["the white mug", "the lamp"]
    assert said(replace(tiny, captions=()), replace(tiny, captions=("wall",))) == ["the mug", "the lamp"]


def test_names_say_what_they_give_away():
    left, right = name((("mug",), LEFT), (("mug",), RIGHT))
    assert left.says == (("x", -1),)
    assert right.says == (("x", 1),)
    top, bottom = name((("tall mug",), TOP), (("mug",), BOTTOM))
    assert set(top.says) == {("height", 1), ("bottom", 1), ("y", 1)}
    assert set(bottom.says) == {("bottom", -1), ("y", -1)}


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    captions, reason = usable((text,))
    assert (reason is None) == (len(captions) == 1)
    assert len(clean(text).splitlines()) <= 1
    for caption in captions:
        assert caption.encode("utf-8")
        assert read(caption).head
