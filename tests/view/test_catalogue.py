"""The catalogue in words says what the code does: kinds, refusals, and docs/questions.md."""

import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fixtures.plain_facts import MEASURED
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.lift import lift
from spatialvlm.pipeline.measure import REASONS, computed, measure, refused
from spatialvlm.pipeline.measure.facts import QUANTITIES
from spatialvlm.records import Scene
from spatialvlm.view import catalogue

SCENES = 20
DOCUMENT = Path(__file__).parents[2] / "docs" / "questions.md"


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    """Lifted shapes: gravity given, found from the plane, and unknown, in turn."""
    source = ShapesSource(SCENES, width=320, height=240)
    found = []
    for index in range(SCENES):
        frame = source.read(index).frame
        assert frame is not None
        changes = ({}, {"gravity_in_camera": None}, {"gravity_in_camera": None, "depth_m": without_floor(frame)})
        frame = replace(frame, **changes[index % 3])
        assert frame.instances is not None
        scene = lift(frame).scene
        assert scene is not None
        found.append(scene)
    return found


def without_floor(frame) -> np.ndarray:
    """Depth only where there are objects, so that nothing tells what is up."""
    seen = np.any([instance.mask for instance in frame.instances], axis=0)
    return np.where(seen, frame.depth_m, np.float32(np.nan))


def test_the_document_holds_the_table():
    text = DOCUMENT.read_text()
    _, _, rest = text.partition("<!-- kinds -->\n")
    table, end, _ = rest.partition("<!-- /kinds -->")
    assert end, "docs/questions.md needs <!-- kinds --> and <!-- /kinds --> around the table"
    assert table.strip() == catalogue.markdown(), (
        "run: python -c 'from spatialvlm.view.catalogue import *; print(markdown())'"
    )


def test_every_refusal_is_explained():
    assert all(text[0].islower() and len(text.split()) > 3 for text in REASONS.values())
    assert set(REASONS) == {reason for name in MEASURED for reason in refused(KINDS[name])}


def test_every_quantity_is_explained_and_decides_something():
    assert {KINDS[name].quantity for name in MEASURED} == set(QUANTITIES)
    assert all(len(computed(KINDS[name]).split()) > 3 for name in MEASURED)


@pytest.mark.parametrize("kind", [KINDS[name] for name in MEASURED], ids=MEASURED)
def test_a_kind_is_refused_only_for_reasons_that_exist(kind):
    reasons = refused(kind)
    assert set(reasons) <= set(REASONS)
    assert len(set(reasons)) == len(reasons)
    assert ("gravity_unknown" in reasons) >= kind.needs_gravity


def test_measure_refuses_only_for_the_reasons_that_the_catalogue_names(scenes):
    counted = defaultdict(set)
    for scene in scenes:
        for name, reason in measure(scene, kinds=MEASURED).refusals:
            counted[name].add(reason)
    assert {scene.gravity for scene in scenes} == {"given", "plane", None}
    assert set(MEASURED) - set(counted) == {"locate", "locate_box"}, (
        "every kind is refused somewhere, or this test sees too little"
    )
    for name, reasons in counted.items():
        assert reasons <= set(refused(KINDS[name])), name


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_an_example_is_about_the_mug(kind):
    question, answer = catalogue.example(kind)
    first = "the point at (512, 380)" if kind.pointed else "the red mug"
    assert first in question or not (kind.subjects or kind.listed)
    assert question.strip().endswith(("?", "."))
    assert not re.search(r"\[[A-Z]\]", question + answer), "every slot is filled"
    for name in ("the red mug", "the lamp", "the plant", "the book"):
        assert question.count(name) <= 1, "nothing is compared with itself"
