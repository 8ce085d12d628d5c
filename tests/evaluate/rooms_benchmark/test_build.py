"""The benchmark made: the same bits as published, an ordinary dataset, and clear words where something differs."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from fixtures.folders.tiny import content
from spatialvlm.dataset.read import read_dataset
from spatialvlm.evaluate.rooms_benchmark import build
from spatialvlm.evaluate.rooms_benchmark.build import build_benchmark, differences, here_versions, scalar_rooms
from spatialvlm.evaluate.rooms_benchmark.candidates import CandidateConfig, candidates_of
from spatialvlm.evaluate.rooms_benchmark.console import explain
from spatialvlm.evaluate.rooms_benchmark.definition import BenchmarkRoom, Definition, load_definition, questions_hash
from spatialvlm.evaluate.rooms_benchmark.selection import SelectionConfig, select
from spatialvlm.kinds import KINDS

SEED, SIZE, SPP, POOL = 5, (160, 120), 2, 4


@pytest.fixture(autouse=True, scope="module")
def every_room_is_a_shard(scalar_variant):
    patch = pytest.MonkeyPatch()
    patch.setattr(build, "SHARD_ROOMS", 1)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def pool():
    source = scalar_rooms(POOL, SEED, SIZE, SPP)
    return {room: candidates_of(source.truth(room), room, SEED, CandidateConfig()) for room in range(POOL)}


@pytest.fixture(scope="module")
def made(pool, tmp_path_factory):
    """A small benchmark with its hashes, and its folder."""
    folder = tmp_path_factory.mktemp("benchmark") / "dataset"
    chosen = select([c for found in pool.values() for c in found], SelectionConfig(rooms=3, per_room=6))
    rooms = tuple(BenchmarkRoom(room, "", "", tuple(c.asked for c in asked)) for room, asked in chosen.items())
    definition = Definition(SEED, SIZE, SPP, here_versions(), rooms)
    build_benchmark(definition, folder)
    dataset = read_dataset(folder)
    pairs = zip(rooms, dataset.scenes(), dataset.questions(), strict=True)
    hashed = tuple(
        replace(
            room,
            image_sha256=hashlib.sha256(source.image_bytes).hexdigest(),
            questions_sha256=questions_hash(questions),
        )
        for room, (_, source), (_, questions) in pairs
    )
    return replace(definition, rooms=hashed), folder


def test_it_is_a_dataset_with_exactly_the_chosen_questions(made):
    definition, folder = made
    dataset = read_dataset(folder)
    assert dataset.info is not None
    assert (folder / "report.html").exists()
    for room, (frame_id, questions) in zip(definition.rooms, dataset.questions(), strict=True):
        assert frame_id == f"room-{SEED}-{room.index:06d}"
        assert [(qa.kind, qa.fact.subjects) for qa in questions] == [asked.key for asked in room.asked]
        for qa, asked in zip(questions, room.asked, strict=True):
            if KINDS[qa.kind].form == "length":
                assert qa.fact.value == pytest.approx(asked.value, rel=1e-3)


def test_twice_and_by_workers_and_after_a_stop_it_is_the_same(made, tmp_path):
    definition, folder = made
    (tmp_path / "again").mkdir()
    found = build_benchmark(definition, tmp_path / "again" / "dataset", workers=2)
    assert (found.rooms, found.images, found.questions, found.versions) == (3, (), (), {})
    assert content(tmp_path / "again" / "dataset") == content(folder)
    seen: list[tuple[int, int]] = []
    build_benchmark(definition, folder, begin=lambda *counts: seen.append(counts))
    assert seen == [(3, 3)]


def test_what_differs_is_named(made):
    definition, folder = made
    first, second, third = definition.rooms
    changed = replace(
        definition,
        versions={**definition.versions, "mitsuba": "2.0"},
        rooms=(replace(first, image_sha256="0"), second, replace(third, questions_sha256="0")),
    )
    found = differences(changed, folder)
    assert (found.images, found.questions) == ((first.index,), (third.index,))
    said = explain(found)
    assert said[0] == f"other images in rooms {first.index}"
    assert said[1] == f"other questions in rooms {third.index}"
    assert f"mitsuba {here_versions()['mitsuba']} (made with 2.0)" in said[2]
    assert "same, so likely another processor" in explain(replace(found, versions={}))[2]
    assert explain(differences(definition, folder)) == []


def test_candidates_are_beyond_dispute(pool):
    found = [candidate for candidates in pool.values() for candidate in candidates]
    assert len(found) > 50
    assert len({(c.room, *c.asked.key) for c in found}) == len(found)
    source = scalar_rooms(POOL, SEED, SIZE, SPP)
    for room in range(2):
        boxes = {name: np.array(box) for name, box in source.truth(room).boxes.items()}
        for candidate in pool[room]:
            kind, value = candidate.asked.kind, candidate.asked.value
            one, other = (boxes[candidate.asked.subjects[i]] for i in (0, -1))
            apart = one.mean(axis=0) - other.mean(axis=0)
            match kind:
                case "distance":
                    assert np.linalg.norm(apart) == pytest.approx(value, rel=0.05, abs=0.01)
                case "left_predicate":
                    assert (apart[0] < 0) == bool(value)
                case "tall_choice":
                    assert (np.ptp(one[:, 2]) > np.ptp(other[:, 2])) == bool(value)


def test_published_rooms_come_out_bit_for_bit(tmp_path):
    definition = load_definition(limit=2)
    other = {name: here for name, here in here_versions().items() if definition.versions[name] != here}
    if other:
        pytest.skip(f"made with other versions than {other}, so other bits may come out")
    found = build_benchmark(definition, tmp_path / "rooms")
    assert (found.images, found.questions) == ((), ())
