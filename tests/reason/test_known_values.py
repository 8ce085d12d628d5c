"""What a line of reasoning knows: handles, errors through scale and shared objects, comparisons that can't be told."""

import json
import math
from dataclasses import replace

import pytest

import spatialvlm as sv
from spatialvlm.answers import CannotTell, Length, YesNo
from spatialvlm.errors import UserError
from spatialvlm.reason import Workbook
from spatialvlm.records import Scene


@pytest.fixture(scope="module")
def scene() -> Scene:
    found = sv.lift(sv.collect("shapes:1")[0].frame).scene
    assert found is not None
    return replace(found, errors=replace(found.errors, scale=0.05))


def names(scene: Scene) -> list[str]:
    return [thing.instance.id for thing in scene.objects]


def test_measured_values_have_handles_and_evidence(scene):
    book, (one, other, *_) = Workbook(scene.errors.scale), names(scene)
    first, second = book.measured(scene.camera_distance(one)), book.measured(scene.camera_distance(other))
    side = book.measured(scene.left_choice(one, other))
    turned = book.measured(scene.angle_between(one, other))
    assert [entry.handle for entry in (first, second, side, turned)] == ["d1", "d2", "f1", "a1"]
    told = first.to_json()
    assert told["unit"] == "m"
    assert told["evidence"] == {"kind": "camera_distance", "objects": [one]}
    assert "answer" in side.to_json()
    assert json.loads(json.dumps([entry.to_json() for entry in book.entries.values()], allow_nan=False))
    assert book["d2"] is second
    with pytest.raises(UserError, match="handle 'd9': unknown; known are d1, d2, f1, a1"):
        book["d9"]


def test_the_error_of_scale_stretches_sums_and_cancels_in_ratios(scene):
    book, (one, other, *_) = Workbook(scene.errors.scale), names(scene)
    first, second = book.measured(scene.camera_distance(one)), book.measured(scene.camera_distance(other))
    assert first.value
    assert second.value
    total, share = book.computed("d1 + d2"), book.computed("d1 / d2")
    assert total.sigma is not None
    assert share.sigma is not None
    assert total.sigma >= 0.05 * (first.value + second.value)
    assert share.sigma < 0.05
    assert (total.unit, share.unit) == ("m", "")
    assert book.computed("r1 - d1 - d2").sigma == pytest.approx(0.0, abs=1e-12)
    assert book.computed("r1 - d1").sigma == pytest.approx(second.sigma, rel=1e-6)
    assert isinstance(total.answer, Length)


def test_a_comparison_that_errors_do_not_decide_is_not_told(scene):
    book, (one, *_) = Workbook(scene.errors.scale), names(scene)
    metres = book.measured(scene.camera_distance(one)).value
    assert metres
    near, far = book.computed(f"d1 < {1.01 * metres:.4f} m"), book.computed(f"d1 < {10 * metres:.4f} m")
    assert near.answer == CannotTell("too_close_to_call")
    assert far.answer == YesNo(True)
    assert far.sigmas is not None
    assert far.sigmas >= 3


def test_what_is_said_has_the_error_that_it_is_believed_to_have():
    book = Workbook()
    said = book.told(Length(0.5), "half a meter", sigma=0.1)
    assert (said.handle, said.value, said.sigma) == ("s1", 0.5, 0.1)
    assert book.computed("2 * s1").sigma == pytest.approx(0.2)
    other = book.told(None, "I cannot see it")
    assert other.value is None
    with pytest.raises(UserError, match="'s2' is no handle"):
        book.computed("s2 + 1")
    assert math.isfinite(book.computed("s1 / 3").to_json()["sigma"])
