"""The questions that may be chosen: exact truth confirms them."""

import numpy as np
import pytest

from choose_rooms.candidates import CandidateConfig, find_candidates
from spatialvlm.evaluate.rooms_benchmark.build import scalar_rooms

SEED, SIZE, SPP, POOL = 5, (160, 120), 2, 4

pytestmark = pytest.mark.usefixtures("scalar_variant")


@pytest.fixture(scope="module")
def pool(scalar_variant):
    source = scalar_rooms(POOL, SEED, SIZE, SPP)
    return {room: find_candidates(source.truth(room), room, SEED, CandidateConfig()) for room in range(POOL)}


def test_candidates_are_beyond_dispute(pool):
    found = [candidate for candidates in pool.values() for candidate in candidates]
    assert len(found) > 50
    assert len({(c.room, *c.question.key) for c in found}) == len(found)
    source = scalar_rooms(POOL, SEED, SIZE, SPP)
    for room in range(2):
        boxes = {name: np.array(box) for name, box in source.truth(room).boxes.items()}
        for candidate in pool[room]:
            kind, value = candidate.question.kind, candidate.question.value
            one, other = (boxes[candidate.question.subjects[i]] for i in (0, -1))
            apart = one.mean(axis=0) - other.mean(axis=0)
            match kind:
                case "distance":
                    assert np.linalg.norm(apart) == pytest.approx(value, rel=0.05, abs=0.01)
                case "left_predicate":
                    assert (apart[0] < 0) == bool(value)
                case "tall_choice":
                    assert (np.ptp(one[:, 2]) > np.ptp(other[:, 2])) == bool(value)
