"""The benchmark made: the same bits as published, an ordinary dataset, and clear words where something differs."""

import hashlib
import os
from dataclasses import replace

import pytest

from fixtures.folders.tiny import content
from spatialvlm.answers import Length
from spatialvlm.dataset.read import read_dataset
from spatialvlm.evaluate.rooms_benchmark import build
from spatialvlm.evaluate.rooms_benchmark.benchmark_console import explain_difference
from spatialvlm.evaluate.rooms_benchmark.build import (
    LIFTED,
    MEASURED,
    build_benchmark,
    compare_with_definition,
    phrase_all,
    scalar_rooms,
    versions_here,
)
from spatialvlm.evaluate.rooms_benchmark.definition import (
    BenchmarkDefinition,
    BenchmarkQuestion,
    BenchmarkRoom,
    load_definition,
    question_of,
    questions_hash,
)
from spatialvlm.pipeline import run_stages
from spatialvlm.pipeline.collect.rooms import RoomsSource
from spatialvlm.pipeline.tail import tail
from spatialvlm.records import Sample

SEED, SIZE, SPP = 5, (160, 120), 2


@pytest.fixture(autouse=True, scope="module")
def every_room_is_a_shard(scalar_variant):
    patch = pytest.MonkeyPatch()
    patch.setattr(build, "SHARD_ROOMS", 1)
    yield
    patch.undo()


def some_questions(source: RoomsSource, room: int) -> tuple[BenchmarkQuestion, ...]:
    frame = source.truth(room).frame
    asked = run_stages(tail(LIFTED, MEASURED, phrase_all(), SEED), [Sample(frame=frame)])[0].questions
    return tuple(map(question_of, asked[:: len(asked) // 6]))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A small benchmark with its hashes, and its folder."""
    folder = tmp_path_factory.mktemp("benchmark") / "dataset"
    source = scalar_rooms(3, SEED, SIZE, SPP)
    rooms = tuple(BenchmarkRoom(room, "", "", some_questions(source, room)) for room in range(3))
    definition = BenchmarkDefinition(SEED, SIZE, SPP, versions_here(), rooms)
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
        assert [(qa.kind, qa.fact.subjects) for qa in questions] == [wanted.key for wanted in room.questions]
        for qa, wanted in zip(questions, room.questions, strict=True):
            if isinstance(qa.fact.answer, Length):
                assert qa.fact.answer.metres == pytest.approx(wanted.value, rel=1e-3)


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
    found = compare_with_definition(changed, folder)
    assert (found.images, found.questions) == ((first.index,), (third.index,))
    said = explain_difference(found)
    assert said[0] == f"other images in rooms {first.index}"
    assert said[1] == f"other questions in rooms {third.index}"
    assert f"mitsuba {versions_here()['mitsuba']} (made with 2.0)" in said[2]
    assert "same, so likely another processor" in explain_difference(replace(found, versions={}))[2]
    assert explain_difference(compare_with_definition(definition, folder)) == []


def test_published_rooms_come_out_bit_for_bit(tmp_path):
    definition = load_definition(limit=2)
    other = {name: here for name, here in versions_here().items() if definition.versions[name] != here}
    if other:
        pytest.skip(f"made with other versions than {other}, so other bits may come out")
    found = build_benchmark(definition, tmp_path / "rooms")
    assert found.questions == ()
    if found.images and "OPENBLAS_CORETYPE" in os.environ:
        pytest.skip("OPENBLAS_CORETYPE is set: other kernels than the processor's own round pixels otherwise")
    assert found.images == ()
