"""The tools: each has a strict schema, tells what the scene tells, and says of bad arguments what is wrong."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spatialvlm.errors import UserError

pytest.importorskip("pydantic")
from spatialvlm.reason.desk import Desk
from spatialvlm.reason.tools import all_tools, call, offered
from spatialvlm.records import DepthErrors, DepthSource, Frame


@pytest.fixture(scope="module")
def guessed(frame) -> Frame:
    """Return a frame whose depth a model made: its scale may be off by a third."""
    return replace(frame, depth_source=DepthSource("model", DepthErrors(0.3)))


@pytest.fixture
def desk(frame) -> Desk:
    return Desk.of_frame(frame, lambda question: "About 50 cm." if "far" in question else "The red box.")


def named(desk: Desk) -> list[str]:
    return [thing["name"] for thing in call(desk, "describe_objects", {})["objects"]]


def arguments_of(tool: str, names: list[str]) -> Mapping[str, Any]:
    one, other = names[:2]
    return {
        "ask_vlm": {"question": f"How far is {one} from {other}?"},
        "describe_objects": {},
        "locate": {"phrase": one},
        "size": {"object": one, "of": "height"},
        "distance": {"a": one, "b": other, "of": "centers"},
        "relation": {"a": one, "b": other, "relation": "left"},
        "point_to_3d": {"x": 500, "y": 700},
        "camera": {},
        "set_anchor": {"of": "height", "object": one, "metres": 0.05},
        "fits": {"what": "1 cm", "a": one, "b": other},
        "free_space": {"object": one, "side": "left"},
        "calculate": {"expression": "3 m + 20 cm"},
        "answer": {"value": 3.2, "unit": "m", "confidence": 0.9, "abstain": False},
    }[tool]


@pytest.mark.parametrize("tool", sorted(all_tools()))
def test_every_tool_tells_something_without_nan(tool, desk, guessed):
    desk = Desk.of_frame(guessed) if tool == "set_anchor" else desk
    told = call(desk, tool, json.dumps(arguments_of(tool, named(desk))))
    assert told
    json.dumps(told, allow_nan=False)


@pytest.mark.parametrize("tool", sorted(all_tools()))
def test_every_schema_is_strict(tool):
    schema = all_tools()[tool].schema()["function"]
    parameters = schema["parameters"]
    assert schema["strict"] is True
    assert len(schema["description"]) > 20
    assert parameters["type"] == "object"
    assert parameters["additionalProperties"] is False
    assert set(parameters.get("required", [])) == set(parameters.get("properties", {}))
    assert all("description" in one for one in parameters.get("properties", {}).values())


def test_tools_tell_what_the_scene_tells(desk):
    one, other = named(desk)[:2]
    told = call(desk, "distance", {"a": one, "b": other, "of": "centers"})
    known = desk.known.ask("distance", one, other)
    assert told["value"] == known.value
    assert told["sigma"] == known.error
    assert told["evidence"]["kind"] == "distance"
    away = call(desk, "distance", {"a": one, "b": "camera", "of": "centers"})
    assert away["evidence"]["kind"] == "camera_distance"
    sum_ = call(desk, "calculate", {"expression": f"{told['handle']} + {away['handle']}"})
    assert sum_["value"] == pytest.approx(told["value"] + away["value"])


def test_a_point_on_a_thing_is_where_the_thing_is(desk, frame):
    thing = desk.known.objects[0]
    rows, columns = np.nonzero(np.asarray(frame.instances[0].mask))
    middle = len(rows) // 2
    height, width = frame.depth_m.shape
    x, y = (columns[middle] + 0.5) / width * 1000, (rows[middle] + 0.5) / height * 1000
    told = call(desk, "point_to_3d", {"x": float(x), "y": float(y)})["metres"]
    place = np.array([told["right"], told["ahead"], told["up"]])
    assert (place >= thing.box.low_in_world - 0.02).all()
    assert (place <= thing.box.high_in_world + 0.02).all()


def test_an_anchor_scales_every_length(desk, guessed):
    one, other = named(desk)[:2]
    exact = call(desk, "distance", {"a": one, "b": other, "of": "centers"})
    height = call(desk, "size", {"object": one, "of": "height"})
    with pytest.raises(UserError, match="anchors_disagree"):
        call(desk, "set_anchor", {"of": "height", "object": one, "metres": 4.0 * height["value"]})
    unsure = Desk.of_frame(guessed)
    away = call(unsure, "point_to_3d", {"x": 500, "y": 700})["from_camera"]
    assert call(unsure, "distance", {"a": one, "b": other, "of": "centers"})["cannot_tell"] == "too_uncertain"
    told = call(unsure, "set_anchor", {"of": "height", "object": one, "metres": 1.4 * height["value"]})
    factor = told["lengths_changed_by"]
    assert 1.2 < factor < 1.42, "what the depth itself says counts too"
    after = call(unsure, "distance", {"a": one, "b": other, "of": "centers"})
    assert after["value"] == pytest.approx(factor * exact["value"], rel=0.02)
    assert after["handle"] == "d1", "a new workbook"
    assert call(unsure, "point_to_3d", {"x": 500, "y": 700})["from_camera"] == pytest.approx(factor * away, rel=0.02)


def test_what_fits_is_decided_with_errors(desk):
    one, other = named(desk)[:2]
    assert call(desk, "fits", {"what": "9 m", "a": one, "b": other})["text"] == "no"
    gap = call(desk, "fits", {"what": "1 mm", "a": one, "b": other})
    assert gap["text"] == "yes"
    same = call(desk, "fits", {"what": f"{gap['gap']['value']:.6f} m", "a": one, "b": other})
    assert same["cannot_tell"] == "too_close_to_call"


def test_only_what_the_desk_can_do_is_offered(desk, frame):
    blind = Desk(frame, None, desk.vlm)
    assert offered(blind).keys() == {"ask_vlm", "calculate", "answer"}
    assert "ask_vlm" not in offered(Desk.of_frame(frame))
    with pytest.raises(UserError, match="tool 'size': there is none; expected one of answer, ask_vlm, calculate"):
        call(blind, "size", {"object": "box", "of": "height"})


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("size", "{", "arguments are no JSON"),
        ("size", {"object": "box"}, "of: Field required"),
        ("size", {"object": "box", "of": "depth"}, "of: Input should be 'height', 'width' or 'elevation'"),
        ("size", {"object": 3, "of": "height"}, "object: Input should be a valid string"),
        ("size", {"object": "box", "of": "height", "unit": "m"}, "unit: Extra inputs are not permitted"),
        ("size", [1], "arguments: Input should be"),
        ("size", {"object": "dragon", "of": "height"}, "no object is called so; expected one of"),
        ("point_to_3d", {"x": 2000, "y": 1}, "x: Input should be less than or equal to 1000"),
        ("calculate", {"expression": "d9 + 1 m"}, "'d9' is no handle"),
        ("nothing", {}, "tool 'nothing': there is none"),
    ],
)
def test_bad_calls_say_what_is_wrong(tool, arguments, said, desk):
    with pytest.raises(UserError, match=r"expected|known") as caught:
        call(desk, tool, arguments)
    assert said in str(caught.value)


def test_an_answer_is_given_once(desk):
    call(desk, "answer", arguments_of("answer", ["a", "b"]))
    assert desk.answered == {"value": 3.2, "unit": "m", "confidence": 0.9, "abstain": False}
    with pytest.raises(UserError, match="was given already"):
        call(desk, "answer", arguments_of("answer", ["a", "b"]))
