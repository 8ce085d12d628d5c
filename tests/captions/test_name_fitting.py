"""What a name fits: other things in view by their captions, as people annotate them."""

import pytest

from spatialvlm.captions import allows, denies, held_in, kinship, noun_of, plain_noun, read

FITS = [
    (("chair",), "chair"),
    (("chairs",), "chair"),
    (("sofa",), "couch"),
    (("tv",), "monitor"),
    (("screen",), "television"),
    (("white cup",), "mug"),
    (("potted plant",), "plant"),
    (("plant",), "potted plant"),
    (("potted plant",), "flower pot"),  # its own
    (("armchair",), "wooden chair"),
    (("chair",), "armchair"),
    (("office chair",), "padded chair"),
    (("white chair",), "office chair"),
    (("oak cabinet",), "furniture"),
    (("bottle",), "container"),
    (("glass bottle on the table",), "bottle"),
    (("bottle",), "glass bottle on the table"),
    (("large blue box",), "blue large box"),
    (("striped pillow", "square pillow"), "blue pillow"),
    (("wooden table",), "brown table"),
    (("coffee table",), "wooden table"),
    (("coffee table", "wooden table"), "table"),
    (("nightstand",), "side table"),
    (("desk lamp",), "table lamp"),
    (("wooden dining table",), "dining table"),
    (("colourful ball",), "red ball"),
    (("black and white cat",), "white cat"),
    (("bowl of red apples",), "blue bowl"),
    (("mug with blue stripes",), "red mug"),
    (("man in a blue shirt",), "man with a red hat"),
    (("soup can",), "can of tomato soup"),
    (("tomato soup can",), "black can"),
    (("laptop",), "keyboard"),
    (("bowl of apples",), "apple"),
    (("red object",), "round mug"),
    (("red mug", "pink cup"), "red mug"),
]
DIFFERS = [
    (("red mug",), "blue cup"),
    (("coffee table",), "side table"),
    (("desk",), "coffee table"),
    (("armchair",), "office chair"),
    (("tv stand",), "tv"),
    (("mug",), "bowl"),
    (("small box",), "large box"),
    (("striped pillow",), "checked pillow"),
    (("metal bottle",), "glass bottle"),
    (("leather sofa",), "fabric couch"),
    (("box 1",), "box 2"),
    (("girl in a purple shirt",), "girl wearing a blue sweatshirt"),
    (("chair", "office chair"), "dining chair"),
    (("sofa", "red couch"), "blue sofa"),
    (("red object",), "blue mug"),
    (("picture of a dog",), "picture of a cat"),
    (("coffee machine",), "washing machine"),
    (("red laptop",), "mouse"),
    (("sofa",), "pillow"),
    (("potted plant",), "coffee pot"),
    (("wooden desk",), "mug on the desk"),
    (("mug on the desk",), "desk"),
    ((), "mug"),
]


@pytest.mark.parametrize(("captions", "text", "fits"), [(*p, True) for p in FITS] + [(*p, False) for p in DIFFERS])
def test_what_may_be_what_a_text_names(captions, text, fits):
    allowed = any(allows(one, text) for one in captions) and not denies(captions, text)
    assert (allowed or plain_noun(text) in held_in(captions)) is fits


def test_nouns_of_two_words_are_read_as_one():
    assert noun_of(read("old side table")) == "side_table"
    assert noun_of(read("side door")) == "door"


def test_kinship_goes_both_ways_round():
    assert kinship("armchair", "furniture") == "kind"
    assert kinship("furniture", "armchair") == "general"
    assert kinship("sofa", "couch") == kinship("couch", "sofa") == "same"
    assert kinship("plate", "mug") is None
    assert kinship("laptop", "book") is None


def test_two_adjectives_may_be_joined():
    assert read("black and white cat").head == "cat"
    assert read("salt and pepper").head == "salt"
    assert read("glass and bottle").head == "glass"


def test_what_a_caption_says_of_other_things_is_not_said_of_its_own():
    assert read("mug beside the tall lamp").says == ()
    assert read("mug on the white desk").says == (("bottom", 1),)
