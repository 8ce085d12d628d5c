"""What an image does not tell: said only where the picture itself shows it."""

from dataclasses import replace

import numpy as np

from fixtures.worlds.boxes import made_up, scene_of
from spatialvlm.answers import CannotTell, Length
from spatialvlm.pipeline.measure import measure
from spatialvlm.records import Object, Support

KIND = "elevation_if_told"
CUT = CannotTell("bottom_hidden")


def thing(name: str, left: float, bottom: str, truncated: bool, end: float) -> Object:
    """A box half a metre up, whose picture ends `end` pixels down."""
    low = np.array([left, 2.0, 0.5])
    made = made_up(name, low, low + 0.2, low + np.random.default_rng(0).random((50, 3)) * 0.2)
    edges = np.array([*made.instance.box_xyxy[:3], end], np.float32)
    return replace(made, instance=replace(made.instance, box_xyxy=edges), bottom=bottom, truncated=truncated)


def told(*things: Object, surface: str = "floor"):
    facts = measure(scene_of(things, support=Support(surface)), kinds=[KIND])
    refused = {reason: count for (_, reason), count in facts.refusals.items()}
    return {fact.subjects[0]: fact.answer for fact in facts}, refused


def test_the_bottom_is_only_said_to_be_out_of_sight_where_the_lower_border_cuts_it():
    seen, cut = thing("mug", -0.5, "seen", False, 120), thing("desk", 0.0, "hidden", True, 240)
    answers, refused = told(seen, cut)
    assert answers == {"mug": Length(0.5), "desk": CUT}
    assert refused == {}
    for other in (thing("sofa", 0.5, "hidden", False, 200), thing("lamp", 0.5, "hidden", True, 150)):
        answers, refused = told(seen, cut, other)
        assert answers.keys() == {"mug", "desk"}
        assert refused == {"bottom_hidden": 1}


def test_a_plane_without_a_name_is_no_place_to_count_from():
    seen, cut = thing("mug", -0.5, "seen", False, 120), thing("desk", 0.0, "hidden", True, 240)
    assert told(seen, cut, surface="surface") == ({}, {"no_support_plane": 2})
    assert told(seen, cut, surface="table top")[0].keys() == {"mug", "desk"}
