"""True lengths: the committed ones come out again, no part exceeds its whole; finished rooms are not done twice."""

from dataclasses import replace

import pytest

from choose_rooms.definition_file import to_text
from choose_rooms.true_lengths import measure_room, with_truth
from rooms_truth import true_lengths
from spatialvlm.errors import ContractError
from spatialvlm.evaluate.rooms_benchmark.build import scalar_rooms, versions_here
from spatialvlm.evaluate.rooms_benchmark.definition import BenchmarkQuestion, load_definition, parse_definition
from spatialvlm.worlds import Truth

HERE = load_definition()
ROOMS = (HERE.rooms[0], HERE.rooms[-1])

pytestmark = pytest.mark.usefixtures("scalar_variant")


def known(index: int) -> Truth:
    return scalar_rooms(index + 1, HERE.seed, HERE.size, HERE.spp).truth(index)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.index))
def test_committed_truth_comes_out_again(room, tmp_path):
    other = {name: here for name, here in versions_here().items() if HERE.versions[name] != here}
    if other:
        pytest.skip(f"made with other versions than {other}, so other digits may come out")
    bare = replace(room, questions=tuple(replace(one, visible_m=None) for one in room.questions))
    assert true_lengths(replace(HERE, rooms=(bare,)), 1, tmp_path).rooms == (room,)


def test_finished_rooms_are_kept_unless_they_are_asked_something_else(tmp_path):
    one = replace(HERE, rooms=(HERE.rooms[1],))
    done = true_lengths(one, 1, tmp_path)
    (path,) = tmp_path.iterdir()
    kept = parse_definition(path.read_text()).rooms[0]
    marked = replace(kept, questions=tuple(replace(one, visible_m=one.visible_m and 9.0) for one in kept.questions))
    path.write_text(to_text(replace(one, rooms=(marked,))))
    assert true_lengths(one, 1, tmp_path).rooms == (marked,)
    fewer = replace(one, rooms=(replace(one.rooms[0], questions=one.rooms[0].questions[:-1]),))
    assert true_lengths(fewer, 1, tmp_path).rooms[0].questions == done.rooms[0].questions[:-1]


def test_what_is_seen_of_a_thing_is_no_higher_than_the_thing():
    room = ROOMS[0]
    truth = known(room.index)
    here = measure_room(truth)
    assert here is not None
    ids = [id_ for id_ in truth.boxes if ("height", (id_,)) in here.rows]
    found = with_truth([BenchmarkQuestion("height", (id_,), 0.0) for id_ in ids], here)
    assert found
    for asked in found:
        low, high = truth.boxes[asked.subjects[0]]
        assert asked.visible_m is not None
        assert 0.0 < asked.visible_m < 1.001 * (high[2] - low[2])


def test_comparisons_stay_as_they_are_and_what_was_not_measured_is_an_error():
    comparison = BenchmarkQuestion("left_choice", ("1", "2"), 1.0)
    assert with_truth([comparison], None) == (comparison,)
    with pytest.raises(ContractError, match="question gap of x and y: nothing is measured for it in its room"):
        with_truth([BenchmarkQuestion("gap", ("x", "y"), 1.0)], measure_room(known(HERE.rooms[1].index)))
    with pytest.raises(ContractError, match="question height of x: nothing is measured"):
        with_truth([BenchmarkQuestion("height", ("x",), 1.0)], None)
