"""A scene that is asked directly answers about the things in the places that the question gives them."""

from itertools import permutations

import pytest

import spatialvlm as sv
from spatialvlm.kinds import KINDS

ROLES = [name for name, kind in KINDS.items() if kind.listed or kind.form.in_roles]


@pytest.fixture(scope="module")
def scene() -> sv.Scene:
    """Lift a picture, of which some can be told and some cannot."""
    found = sv.lift(sv.collect("shapes:1")[0].frame).scene
    assert found is not None
    return found


@pytest.mark.parametrize("name", ROLES)
def test_nobody_answers_in_the_place_of_another(scene: sv.Scene, name: str):
    kind, ids = KINDS[name], [thing.instance.id for thing in scene.objects[:5]]
    count = kind.subjects + (kind.sizes[0] if kind.listed else 0)
    if kind.given or not kind.form.names_subjects:
        pytest.skip("asked with a length, or without names")
    told = [(asked, scene.ask(name, *asked).fact) for asked in permutations(ids, count)]
    for asked, fact in told:
        assert fact is None or fact.subjects[: kind.subjects] == asked[: kind.subjects]
        assert fact is None or {*fact.subjects} == {*asked}
