"""Questions about points: called by coordinates whatever else is, never by what is there, and scored from their row."""

import re
from dataclasses import replace

import numpy as np
import pytest

import spatialvlm as sv
from spatialvlm.answers import Choice, Order, answer_to_text
from spatialvlm.evaluate.row_reward import spatial_reward
from spatialvlm.geometry import decode_mask
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect import collect as collect_source
from spatialvlm.pipeline.phrase import PhraseConfig, phrase
from spatialvlm.pipeline.phrase.ways import WAYS

ABOUT_POINTS = tuple(name for name, kind in KINDS.items() if kind.pointed)
COORDINATES = ("0-1", "0-1000", "pixels")


@pytest.fixture(scope="module")
def scenes():
    """Simple solids without captions, with what is known of points on them."""
    samples = collect_source("shapes:8", CollectConfig((320, 240)))
    found = [sv.lift(sample.frame).scene for sample in samples]
    bare = [
        replace(scene, objects=tuple(replace(o, instance=replace(o.instance, captions=())) for o in scene.objects))
        for scene in found
        if scene is not None
    ]
    return [(scene, sv.measure(scene, kinds=ABOUT_POINTS)) for scene in bare]


def asked(scenes, **settings):
    """Questions about points with the scene of each; of objects without captions, by nothing but captions and marks."""
    for place, (scene, facts) in enumerate(scenes):
        config = PhraseConfig(20, kinds=ABOUT_POINTS, **settings)
        for one in phrase(scene, facts, place, config).questions:
            yield scene, one


@pytest.mark.parametrize("coordinates", COORDINATES)
@pytest.mark.parametrize("refer", [("caption",), ("mark", "box")])
def test_points_are_called_by_coordinates_that_lie_on_their_objects(scenes, coordinates, refer):
    kinds = set()
    for scene, one in asked(scenes, coordinates=coordinates, refer=refer):
        kinds.add(one.kind)
        assert one.reference == f"point/{coordinates}"
        assert len(one.names) == len(one.fact.subjects) == one.question.lower().count("the point at (")
        size = np.array([scene.camera.width, scene.camera.height])
        steps = {"0-1": 1, "0-1000": 1000, "pixels": size}[coordinates]
        by_id = {o.instance.id: decode_mask(o.instance.mask) for o in scene.objects}
        for id_, name in zip(one.fact.subjects, one.names):
            numbers = np.array(re.fullmatch(r"the point at \(([\d.]+), ([\d.]+)\)", name).groups(), float)
            x, y = np.floor(numbers / steps * size + 1e-6).astype(int)
            assert by_id[id_][y, x]
    assert kinds == set(ABOUT_POINTS)


def test_the_paper_names_no_points(scenes):
    scene, _ = scenes[0]
    assert phrase(scene, sv.measure(scene), 0, PhraseConfig()).questions == ()


@pytest.mark.parametrize("coordinates", COORDINATES)
@pytest.mark.parametrize("way", WAYS)
def test_own_answers_are_right_and_the_others_wrong_from_the_row_alone(scenes, coordinates, way):
    rows = [one for _, one in asked(scenes, coordinates=coordinates, ways=(way,))]

    def rewards(answers):
        columns = {"kind": [one.kind for one in rows], "names": [one.names for one in rows]}
        columns |= {"unit": [one.unit for one in rows], "asked_as": [one.asked_as for one in rows]}
        return spatial_reward(answers, value=[answer_to_text(one.value) for one in rows], **columns)

    assert set(rewards([one.answer for one in rows])) == {1.0}
    if way == "open":
        wrong = rewards([other(one) for one in rows])
        assert {score for score, one in zip(wrong, rows) if one.kind != "point_distance"} == {0.0}


def other(one: sv.QA) -> str:
    """An answer that is wrong: the other point, the other way round."""
    match one.value:
        case Choice(options, right):
            return f"{options[1 - right]} is closer."
        case Order(items):
            return ", ".join(reversed(items))
    return ""
