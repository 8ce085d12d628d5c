"""Depth without a unit never yields a metre: over all kinds, all wordings, all sorts of relative depth."""

import dataclasses
import re

import numpy as np
import pytest

from fixtures.plain_facts import LENGTHS, MEASURED, PAPER, kinds_of, plain
from spatialvlm.answers import BoundingBox, Region
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.lift import lift
from spatialvlm.pipeline.measure import MeasureConfig, measure
from spatialvlm.pipeline.phrase import PhraseConfig, phrase
from spatialvlm.records import DepthErrors, DepthSource
from spatialvlm.worlds.solids import frame_of

SOURCE = ShapesSource(1100, width=320, height=240)
UNIT = re.compile(
    r"\d|\b(m|cm|mm|km|met(er|re)s?|centimet(er|re)s?|millimet(er|re)s?|inch(es)?|in\.|feet|foot|ft|yards?|yd)\b"
)
RELATIVE = {
    "scale-invariant": DepthErrors(scale=0.0, local=0.02),
    "affine-invariant": DepthErrors(scale=0.0, local=0.02, shift=0.5),
}


WITHOUT_NUMBERS = tuple(
    name
    for name in MEASURED
    if not (
        KINDS[name].form.is_number or KINDS[name].given or KINDS[name].form.name in ("clock", "count", "class_count")
    )
)
"""The kinds that say no number at all; angles need no metres."""


def relative_scene(index, errors, given, unit):
    description = SOURCE.describe(index)
    frame = frame_of(description, f"s{index}", picture=False)
    names = tuple(dataclasses.replace(i, captions=(word,)) for i, word in zip(frame.instances, WORDS))
    frame = dataclasses.replace(
        frame,
        depth_m=None,
        relative_depth=(frame.depth_m * unit).astype(np.float32),
        depth_source=DepthSource("model", errors),
        gravity_in_camera=frame.gravity_in_camera if given else None,
        instances=names,
    )
    return lift(frame).scene


WORDS = ["drum", "lamp", "book", "clock", "plant", "chair", "apple", "shoe", "dog", "car", "kite", "violin"]


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("sort", RELATIVE)
def test_no_kind_and_no_wording_says_a_length(sort, given):
    many, asked = PhraseConfig(questions_per_image=400, kinds=WITHOUT_NUMBERS), set()
    config = MeasureConfig(max_relative_error=1e9, min_length_m=0.0)
    for index in range(1000, 1012):
        scene = relative_scene(index, RELATIVE[sort], given, unit=0.6 + 0.1 * (index % 7))
        assert scene.scale == "relative"
        facts = measure(scene, config, MEASURED)
        assert not kinds_of(facts) & LENGTHS
        reasons = {reason for (kind, reason) in facts.refusals if kind in LENGTHS}
        assert not scene.objects or reasons
        for seed in range(3):
            for qa in phrase(scene, facts, seed, many).questions:
                asked.add(qa.kind)
                in_image = KINDS[qa.kind].pointed or isinstance(qa.value, Region | BoundingBox)
                if not in_image:  # a place is in shares of the picture
                    assert not UNIT.search(qa.question), qa.question
                    assert not UNIT.search(qa.answer), qa.answer
    qualitative = {name for name in PAPER if KINDS[name].family == "qualitative"}
    if sort == "scale-invariant" and given:
        assert qualitative <= asked
    else:
        order = set() if given else {"behind_predicate"}  # along the optical axis a shift keeps it
        assert {"left_predicate"} | order <= asked


def test_the_unit_of_relative_depth_decides_no_left_and_no_behind():
    """Scaling a scene that has no unit changes no comparison."""
    for index in range(1000, 1006):
        tables = []
        for unit in (0.8, 1.25):
            facts = measure(relative_scene(index, RELATIVE["scale-invariant"], True, unit), kinds=PAPER)
            rows = [fact for fact in facts if KINDS[fact.kind].quantity in ("x", "y")]
            tables.append({(fact.kind, fact.subjects): plain(fact.answer) for fact in rows})
        one, other = tables
        for key in one.keys() & other.keys():
            assert one[key] == other[key]
        assert len(one.keys() & other.keys()) > 0.9 * len(one)
