"""Answers as values: JSON both ways for every form, clear words for what is no answer, objects named otherwise."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatialvlm.answers import (
    FORMS,
    SAME,
    Angle,
    Answer,
    Area,
    BoundingBox,
    CannotTell,
    Choice,
    Clock,
    Count,
    Length,
    Order,
    Region,
    YesNo,
    answer_from_json,
    answer_from_text,
    answer_to_json,
    answer_to_text,
    form_of,
    in_words,
)
from spatialvlm.errors import UserError

numbers = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text()
of_number = st.tuples(numbers)
OF_FORM = {
    "length": of_number,
    "angle": of_number,
    "count": st.tuples(st.integers(0, 10**6)),
    "area": of_number,
    "yes_no": st.tuples(st.booleans()),
    "choice": st.lists(texts, min_size=1).flatmap(
        lambda options: st.tuples(st.just(tuple(options)), st.integers(0, len(options) - 1))
    ),
    "order": st.tuples(st.lists(texts).map(tuple)),
    "clock": st.tuples(st.integers(1, 12)),
    "region": st.tuples(st.lists(st.tuples(numbers, numbers)).map(tuple)),
    "bounding_box": st.tuples(numbers, numbers, numbers, numbers).map(
        lambda sides: (*map(min, sides[:2], sides[2:]), *map(max, sides[:2], sides[2:]))
    ),
    "cannot_tell": st.tuples(texts),
}
"""What the fields of each may hold."""
fields_of_any = st.sampled_from(list(OF_FORM)).flatmap(lambda form: st.tuples(st.just(form), OF_FORM[form]))


def test_there_are_eleven_forms_and_each_is_tried():
    assert list(OF_FORM) == list(FORMS)
    assert set(FORMS.values()) == set(Answer.__args__)


@pytest.mark.parametrize("form", OF_FORM)
@given(data=st.data())
def test_json_both_ways(form, data):
    answer = FORMS[form](*data.draw(OF_FORM[form]))
    assert form_of(answer) == form
    told = answer_to_json(answer)
    assert told["form"] == form
    assert answer_from_json(told) == answer
    assert answer_from_json(json.loads(json.dumps(told))) == answer
    text = answer_to_text(answer)
    assert len(text.splitlines()) == 1
    assert text.isascii()
    assert json.loads(text) == json.loads(json.dumps(told))
    back = answer_from_text(text)
    assert back == answer
    assert hash(back) == hash(answer), "lists came back as tuples, at any depth"
    assert answer_to_text(back) == text


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Length(0.61), '{"form":"length","metres":0.61}'),
        (Angle(-0.5), '{"form":"angle","radians":-0.5}'),
        (Count(3), '{"form":"count","number":3}'),
        (Area(1.5), '{"form":"area","square_metres":1.5}'),
        (YesNo(False), '{"form":"yes_no","yes":false}'),
        (
            Choice(("the mug", 'the "A" sign', SAME), 2),
            r'{"form":"choice","options":["the mug","the \"A\" sign","about the same"],"right":2}',
        ),
        (Order(("é", "b")), r'{"form":"order","items":["\u00e9","b"]}'),
        (Clock(12), '{"form":"clock","hour":12}'),
        (Region(((0.0, 0.0), (0.5, 1.0))), '{"form":"region","polygon":[[0.0,0.0],[0.5,1.0]]}'),
        (BoundingBox(0.0, 0.25, 0.5, 1.0), '{"form":"bounding_box","left":0.0,"top":0.25,"right":0.5,"bottom":1.0}'),
        (CannotTell("occluded"), '{"form":"cannot_tell","reason":"occluded"}'),
    ],
)
def test_the_json_that_others_read(answer, text):
    assert answer_to_text(answer) == text
    assert answer_from_text(text) == answer


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no JSON"),
        ("yes", "no JSON"),
        ("[1]", "expected a JSON object such as"),
        ("null", "expected a JSON object such as"),
        ("{}", "form None: expected one of length, angle"),
        ('{"form":"smell"}', "form 'smell': expected one of length, angle"),
        ('{"form":["length"],"metres":1}', "form ['length']: expected one of"),
        ('{"form":"length"}', "'length': got nothing; expected metres"),
        ('{"form":"length","meters":1}', "'length': got meters; expected metres"),
        ('{"form":"length","metres":1,"unit":"m"}', "'length': got metres, unit; expected metres"),
        ('{"form":"length","metres":"1 m"}', "'length': got '1 m', expected a finite number"),
        ('{"form":"length","metres":true}', "'length': got True, expected a finite number"),
        ('{"form":"length","metres":NaN}', "'length': got nan, expected a finite number"),
        ('{"form":"angle","radians":Infinity}', "'angle': got inf, expected a finite number"),
        ('{"form":"area","square_metres":null}', "'area': got None, expected a finite number"),
        ('{"form":"count","number":-1}', "'count': number is -1, expected 0, 1, 2"),
        ('{"form":"count","number":2.0}', "'count': number is 2.0, expected 0, 1, 2"),
        ('{"form":"yes_no","yes":"yes"}', "'yes_no': yes is 'yes', expected true or false"),
        ('{"form":"yes_no","yes":1}', "'yes_no': yes is 1, expected true or false"),
        ('{"form":"choice","options":"ab","right":0}', "'choice': options are 'ab', expected a list of texts"),
        ('{"form":"choice","options":["a",1],"right":0}', "options are ('a', 1), expected a list of texts"),
        (
            '{"form":"choice","options":["a","b"],"right":2}',
            "right is 2, expected the place of one of 2 options from 0",
        ),
        ('{"form":"choice","options":["a","b"],"right":-1}', "right is -1, expected the place of one of 2 options"),
        ('{"form":"choice","options":["a","b"],"right":true}', "right is True, expected the place of one of 2"),
        ('{"form":"choice","options":[],"right":0}', "right is 0, expected the place of one of 0 options"),
        ('{"form":"order","items":{"a":1}}', "'order': items are {'a': 1}, expected a list of texts"),
        ('{"form":"clock","hour":0}', "'clock': hour is 0, expected 1 to 12"),
        ('{"form":"clock","hour":13}', "'clock': hour is 13, expected 1 to 12"),
        ('{"form":"region","polygon":[[0,0],[1]]}', "'region': polygon is ((0, 0), (1,)), expected a list of [x, y]"),
        ('{"form":"region","polygon":[0,1]}', "'region': polygon is (0, 1), expected a list of [x, y]"),
        ('{"form":"length","metres":1' + 400 * "0" + "}", "expected a finite number"),
        (9000 * "[", "no JSON"),
        ('{"form":"order","items":' + 500 * "[" + 500 * "]" + "}", "expected a list of texts"),
        ('{"form":"cannot_tell","reason":null}', "'cannot_tell': reason is None, expected a text"),
    ],
)
def test_what_is_no_answer_is_said_in_words(text, says):
    with pytest.raises(UserError, match=re.escape(says)):
        answer_from_text(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(list(FORMS)), st.data())
def test_any_json_is_an_answer_or_a_user_error(form, data):
    known = {field: data.draw(json_values) for field in FORMS[form].__slots__}
    text = json.dumps(known | data.draw(st.dictionaries(texts, json_values, max_size=1)) | {"form": form})
    try:
        answer = answer_from_text(text)
    except UserError:
        return  # and nothing else
    assert answer_from_text(answer_to_text(answer)) == answer


@given(fields_of_any, st.lists(texts, unique=True, max_size=6))
def test_words_there_and_back(drawn, ids):
    """Names that no option has already lose nothing."""
    form, values = drawn
    answer = FORMS[form](*values)
    names = {one: f"the {place} {one}" for place, one in enumerate(ids)}
    back = {name: one for one, name in names.items()}
    said = in_words(answer, names)
    assert type(said) is type(answer)
    if not set(back) & set(getattr(answer, "options", getattr(answer, "items", ()))):
        assert in_words(said, back) == answer


def test_words_name_objects_and_nothing_else():
    names = {"1": "the mug", "2": "the lamp"}
    assert in_words(Choice(("2", "1", SAME), 1), names) == Choice(("the lamp", "the mug", SAME), 1)
    assert in_words(Order(("2", "3", "1")), names) == Order(("the lamp", "3", "the mug"))
    for answer in (Length(1.0), YesNo(True), CannotTell("1"), Count(1), Clock(1)):
        assert in_words(answer, names) is answer


def test_whole_numbers_are_read_as_numbers():
    assert answer_from_text('{"form":"length","metres":2}') == Length(2.0)
    (corner,) = answer_from_text('{"form":"region","polygon":[[0,1]]}').polygon
    assert [type(share) for share in corner] == [float, float]


def test_the_option_that_is_right():
    assert Choice(("a", "b"), 1).chosen == "b"
