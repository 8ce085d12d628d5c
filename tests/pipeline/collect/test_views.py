"""The source `views:N`: quick pictures of rooms that look the part, with the same truth as rendered ones."""

import numpy as np
import pytest

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig, open_rooms, open_source, open_views

SIZE = (64, 48)


@pytest.fixture(scope="module")
def views():
    return open_views(12, seed=5, size=SIZE)


def test_a_view_has_the_truth_of_its_room(views):
    shown, apart = views.shown(1), views.truth(1)
    assert np.array_equal(shown.frame.depth_m, apart.frame.depth_m, equal_nan=True)
    assert [one.id for one in shown.frame.instances] == [one.id for one in apart.frame.instances]
    assert all(np.array_equal(shown.boxes[name], apart.boxes[name]) for name in apart.boxes)


def test_the_first_view_of_a_room_is_that_of_rooms(views):
    rendered = open_rooms(1, seed=5, size=SIZE).truth(0).frame
    assert np.array_equal(views.truth(0).frame.depth_m, rendered.depth_m, equal_nan=True)


def test_views_do_not_depend_on_what_was_read_before(views):
    first = views.read(2).frame
    views.read(6)
    again = views.read(2).frame
    assert first.id == "view-5-000000-2"
    assert np.array_equal(first.image, again.image)
    assert not np.array_equal(first.image, views.read(3).frame.image)


def test_pictures_are_lit_and_show_colours(views):
    image = views.read(0).frame.image
    assert image.shape == (48, 64, 3)
    assert 60 < image.mean() < 200
    assert np.unique(image.reshape(-1, 3), axis=0).shape[0] > 200


@pytest.mark.parametrize("text", ["views:0", "views:", "views:-1", "views:six"])
def test_no_number_of_views(text):
    with pytest.raises(UserError, match="positive whole number of views"):
        open_source(text, CollectConfig(), 0)
