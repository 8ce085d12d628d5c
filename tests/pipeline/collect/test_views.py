"""The sources `views:N` and `tabletops:N`: quick pictures that look the part, with the truth of rendered ones."""

import numpy as np
import pytest

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig, open_rooms, open_source, open_tabletops, open_views

SIZE = (64, 48)


OPENED = {"view": open_views, "tabletop": open_tabletops}


@pytest.fixture(scope="module", params=OPENED)
def views(request):
    return OPENED[request.param](12, seed=5, size=SIZE)


def test_a_view_has_the_truth_of_its_room(views):
    shown, apart = views.shown(1), views.truth(1)
    assert np.array_equal(shown.frame.depth_m, apart.frame.depth_m, equal_nan=True)
    assert [one.id for one in shown.frame.instances] == [one.id for one in apart.frame.instances]
    assert all(np.array_equal(shown.boxes[name], apart.boxes[name]) for name in apart.boxes)


def test_the_first_view_of_a_room_is_that_of_rooms():
    rendered = open_rooms(1, seed=5, size=SIZE).truth(0).frame
    assert np.array_equal(open_views(1, seed=5, size=SIZE).truth(0).frame.depth_m, rendered.depth_m, equal_nan=True)


def test_views_do_not_depend_on_what_was_read_before(views):
    first = views.read(2).frame
    views.read(6)
    again = views.read(2).frame
    assert first.id in ("view-5-000000-2", "tabletop-5-000000-2")
    assert np.array_equal(first.image, again.image)
    assert not np.array_equal(first.image, views.read(3).frame.image)


def test_pictures_are_lit_and_show_colours(views):
    image = views.read(0).frame.image
    assert image.shape == (48, 64, 3)
    assert 60 < image.mean() < 200
    assert np.unique(image.reshape(-1, 3), axis=0).shape[0] > 200


@pytest.mark.parametrize("text", ["views:0", "views:", "views:-1", "views:six", "tabletops:0", "tabletops:x"])
def test_no_number_of_views(text):
    with pytest.raises(UserError, match=f"positive whole number of views, as in {text.partition(':')[0]}:600"):
        open_source(text, CollectConfig(), 0)
