"""A drawn picture and its scene, about which the tests of reasoning ask."""

import pytest

import spatialvlm as sv
from spatialvlm.records import Frame, Scene


@pytest.fixture(scope="session")
def frame() -> Frame:
    """Draw the first picture of shapes:1."""
    found = sv.collect("shapes:1")[0].frame
    assert found is not None
    return found


@pytest.fixture(scope="session")
def scene(frame: Frame) -> Scene:
    """Lift it."""
    found = sv.lift(frame).scene
    assert found is not None
    return found
