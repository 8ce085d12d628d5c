"""The source `rooms:N`: frames whose masks, depth and boxes agree, each made from nothing but its number."""

import numpy as np
import pytest

from spatialvlm.engine import build_recipe
from spatialvlm.errors import UserError
from spatialvlm.geometry import transform, unproject
from spatialvlm.pipeline.collect import CollectConfig, open_source, parse_size
from spatialvlm.pipeline.collect.rooms import RoomsSource
from spatialvlm.recipes import Recipe
from spatialvlm.records import Frame
from spatialvlm.worlds import Truth
from spatialvlm.worlds.rooms import Room, truth_of

SIZE = (96, 72)
COUNT = 6


@pytest.fixture(scope="module")
def source() -> RoomsSource:
    return RoomsSource(COUNT, seed=5, size=SIZE, spp=1)


@pytest.fixture(scope="module")
def rooms(source) -> list[Room]:
    return [source.describe(k) for k in range(COUNT)]


@pytest.fixture(scope="module")
def truths(rooms) -> list[Truth]:
    return [truth_of(room, f"room-5-{k:06d}", SIZE) for k, room in enumerate(rooms)]


@pytest.fixture(scope="module")
def pictured(source) -> Frame:
    return source.read(1).frame


@pytest.fixture(params=range(COUNT))
def truth(request, truths) -> Truth:
    return truths[request.param]


def test_masked_points_lie_in_their_boxes(truth):
    frame = truth.frame
    assert frame.instances
    for instance in frame.instances:
        points = unproject(frame.depth_m, frame.camera.image_from_camera, instance.mask)
        low, high = truth.boxes[instance.id]
        in_world = transform(truth.world_from_camera, points)
        assert (in_world > low - 0.005).all()
        assert (in_world < high + 0.005).all()


def test_the_world_stands_on_the_floor_under_the_camera(truth):
    up = truth.world_from_camera[2, :3]
    np.testing.assert_allclose(-truth.frame.gravity_in_camera, up, atol=1e-9)
    np.testing.assert_allclose(truth.world_from_camera[:2, 3], 0.0, atol=1e-12)
    assert 0.3 < truth.world_from_camera[2, 3] < 2.2
    forward = truth.world_from_camera[:3, 2]
    assert abs(forward[0]) < 1e-9
    assert forward[1] >= 0


def test_supports_carry_what_stands_on_them(truth):
    assert truth.supports.keys() == truth.boxes.keys()
    for name, (low, high) in truth.boxes.items():
        assert (low < high).all()
        if not np.isnan(truth.supports[name]):
            assert low[2] == pytest.approx(truth.supports[name], abs=1e-3)


def test_instances_are_the_things_that_are_seen(rooms, truths):
    for room, truth in zip(rooms, truths, strict=True):
        things = room.things
        assert len(truth.boxes) == len(things)
        total = np.zeros((SIZE[1], SIZE[0]), dtype=int)
        for instance in truth.frame.instances:
            assert instance.captions == things[int(instance.id) - 1].captions
            rows, columns = np.nonzero(instance.mask)
            box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert instance.box_xyxy.tolist() == box
            total += instance.mask
        assert total.max() == 1, "a pixel shows one thing"


def test_a_frame_is_its_truth_with_a_picture(source, pictured, truths):
    frame, truth = pictured, source.truth(1)
    np.testing.assert_array_equal(truth.frame.depth_m, truths[1].frame.depth_m)
    assert frame.id == truth.frame.id == "room-5-000001"
    np.testing.assert_array_equal(frame.depth_m, truth.frame.depth_m)
    assert [i.id for i in frame.instances] == [i.id for i in truth.frame.instances]
    assert frame.camera.provenance == "calibration"
    assert (frame.source.origin, frame.source.licence) == ("rendered room", "CC0-1.0")
    assert frame.source.image_bytes.startswith(b"\x89PNG")
    assert frame.image.std() > 10
    assert not truth.frame.image.any()
    assert truth.frame.source.image_bytes == b""


def test_a_frame_depends_on_nothing_but_seed_and_number(pictured, truths):
    alone = RoomsSource(1000, seed=5, size=SIZE, spp=1)
    assert alone.read(1).frame.source.image_bytes == pictured.source.image_bytes
    other = RoomsSource(6, seed=6, size=SIZE, spp=1).truth(1).frame
    assert other.id == "room-6-000001"
    assert not np.array_equal(other.depth_m, truths[1].frame.depth_m)


def test_the_fingerprint_names_all_that_changes_the_pixels():
    prints = {
        RoomsSource(count, seed=seed, size=size, spp=spp).fingerprint
        for count, seed, size, spp in (
            (1, 0, SIZE, 1),
            (2, 0, SIZE, 1),
            (1, 1, SIZE, 1),
            (1, 0, (64, 48), 1),
            (1, 0, SIZE, 2),
        )
    }
    assert len(prints) == 4, "all but the count"
    assert all("rooms:v1/" in found and "_rgb/" in found for found in prints)


@pytest.mark.parametrize("text", ["", "0", "-1", "x", "1.5", "²", "1e3", " 3"])
def test_a_count_that_is_none_is_a_user_error(text):
    with pytest.raises(UserError, match="rooms:100"):
        open_source(f"rooms:{text}")


def test_the_configuration_reaches_the_source():
    source = open_source("rooms:3", CollectConfig(SIZE, 2), seed=9)
    assert isinstance(source, RoomsSource)
    assert (len(source), source.size, source.spp, source.seed) == (3, SIZE, 2, 9)
    shapes = open_source("shapes:2", CollectConfig(SIZE)).read(0).frame
    assert shapes.image.shape == (SIZE[1], SIZE[0], 3)


@pytest.mark.parametrize("text", ["", "640", "640x", "x480", "640x480x3", "-640x480", "6e2x480", "640 x 480", "٣x٣"])
def test_a_size_that_is_none_is_a_user_error(text):
    with pytest.raises(UserError, match="640x480"):
        parse_size(text)


@pytest.mark.parametrize(("size", "spp"), [((15, 64), 1), ((5000, 64), 1), (SIZE, 0), (SIZE, 100_000)])
def test_sizes_and_samples_have_bounds(size, spp):
    with pytest.raises(UserError, match="expected"):
        CollectConfig(size, spp)


def test_a_dataset_of_rooms_is_the_same_for_any_number_of_workers(tmp_path):
    recipe = Recipe("rooms:2", seed=4, shard_size=1, collect=CollectConfig((64, 48), 1))
    made = [tmp_path / name for name in ("one", "two")]
    for out, workers in zip(made, (1, 2), strict=True):
        build_recipe(recipe, out, workers=workers)
    names = sorted(path.relative_to(made[0]) for path in made[0].rglob("*.parquet"))
    assert len(names) >= 4
    for name in names:
        assert (made[0] / name).read_bytes() == (made[1] / name).read_bytes()
