"""Records -> Parquet -> equal records; the columns are those of the design."""

import dataclasses
import io
import math

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.plain_facts import MEASURED
from fixtures.worlds.boxes import random_boxes
from spatialvlm.answers import (
    FORMS,
    Area,
    answer_from_text,
    answer_to_text,
    in_words,
)
from spatialvlm.dataset import schema
from spatialvlm.dataset.questions import question_from_row, questions_table, read_questions
from spatialvlm.dataset.scenes import read_scenes, scenes_table
from spatialvlm.errors import DatasetError
from spatialvlm.geometry import encode_mask
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline import run_stages
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.phrase import PhraseConfig
from spatialvlm.pipeline.tail import tail
from spatialvlm.records import QA, Fact, Rle, Sample, Scene


def stored(table):
    """A table as it comes back from a file."""
    file = io.BytesIO()
    schema.write_parquet(table, file)
    return pq.read_table(io.BytesIO(file.getvalue()))


def same(a, b):
    """Deep equality of records, with masks as Rle and arrays by type and content."""
    if isinstance(a, np.ndarray) and a.dtype == bool:
        a = encode_mask(a)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b, equal_nan=True)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    return type(a) is type(b) and a == b


def test_scenes_come_back_equal(make_scene):
    rows = [make_scene(i) for i in range(3)] + [make_scene(3, captions=())]
    back = list(read_scenes(stored(scenes_table(rows))))
    assert len(back) == len(rows)
    assert all(same(a, b) for a, b in zip(rows, back))
    assert isinstance(back[0][0].objects[0].instance.mask, Rle)


def test_a_slice_of_scenes_comes_back_equal(make_scene):
    rows = [make_scene(i) for i in range(4)]
    assert all(same(a, b) for a, b in zip(rows[2:], read_scenes(stored(scenes_table(rows)).slice(2, 2))))


def test_what_was_not_lifted_comes_back_equal_and_older_datasets_have_none(make_scene):
    rows = []
    for i, count in enumerate((2, 0, 1)):
        scene, source = make_scene(i)
        left = tuple(dataclasses.replace(o.instance, id=f"left-{o.instance.id}") for o in scene.objects[:count])
        rows.append((dataclasses.replace(scene, unlifted=left), source))
    table = stored(scenes_table(rows))
    assert all(same(a, b) for a, b in zip(rows, read_scenes(table), strict=True))
    assert all(same(a, b) for a, b in zip(rows[1:], read_scenes(table.slice(1, 2)), strict=True))
    older = stored(table.drop_columns(["unlifted"]))
    bare = [(dataclasses.replace(scene, unlifted=()), source) for scene, source in rows]
    assert all(same(a, b) for a, b in zip(bare, read_scenes(older), strict=True))


def test_no_scenes_at_all():
    table = stored(scenes_table([]))
    assert table.schema.equals(schema.SCENES)
    assert list(read_scenes(table)) == []


def test_an_absent_image_and_captions_come_back_absent(make_scene):
    scene, source = make_scene(captions=("x",))
    source = dataclasses.replace(source, image_bytes=b"", image_path=None)
    bare = dataclasses.replace(scene.objects[0].instance, captions=())
    scene = dataclasses.replace(scene, objects=(dataclasses.replace(scene.objects[0], instance=bare),), versions={})
    ((back, origin),) = read_scenes(stored(scenes_table([(scene, source)])))
    assert origin == source
    assert same(scene, back)


def test_questions_of_every_kind_come_back_equal(make_scene, make_questions):
    rows = [(make_scene(i)[0].frame_id, make_questions(make_scene(i)[0], len(KINDS) - i)) for i in range(3)]
    rows.insert(1, ("empty", []))
    table = stored(questions_table(rows))
    assert table.schema.equals(schema.QA)
    assert list(read_questions(table)) == rows
    assert list(read_questions(table.slice(2, 2))) == rows[2:]
    values = [qa.value for _, qas in read_questions(table) for qa in qas]
    assert {type(value) for value in values} == {*FORMS.values()} - {Area}


def test_the_columns_of_a_question_are_those_of_the_design(make_scene, make_questions):
    scene, _ = make_scene()
    table = questions_table([(scene.frame_id, make_questions(scene))])
    rows = {row["kind"]: row for row in table.column("qa").to_pylist()[0]}
    names = "kind family question answer subjects number unit label error in_frame template reference seed"
    assert list(rows["distance"]) == [
        *names.split(),
        "given",
        "names",
        "asked_unit",
        "options",
        "value",
        "asked_as",
        "fact",
    ]
    length, predicate = rows["distance"], rows["left_predicate"]
    assert (length["number"], length["unit"], length["label"]) == (pytest.approx(0.31 / 3), "m", None)
    assert (predicate["number"], predicate["unit"], predicate["label"]) == (None, None, "true")
    assert rows["left_choice"]["label"] in ("obj-0", "obj-1")
    assert rows["left_choice"]["options"] == ["the mug", "the red book"] == rows["left_choice"]["names"]
    assert rows["left_right_classify"]["label"] in ("left", "similar")
    assert rows["left_right_classify"]["options"] == ["left", "right", "about the same"]
    assert rows["order_by_depth"]["label"] == "obj-0 > obj-1 > obj-2"
    assert rows["count_within"]["given"] > 0.0
    assert (rows["bearing"]["unit"], rows["clock_direction"]["unit"]) == ("rad", "o'clock")
    assert (length["asked_unit"], length["given"], length["options"]) == (None, None, [])
    assert {row["asked_unit"] for row in rows.values()} == {None, "inch"}
    for row in rows.values():  # whoever reads JSON needs nothing else
        assert answer_to_text(answer_from_text(row["value"])) == row["value"]
    assert predicate["subjects"] == ["obj-0", "obj-1"]
    assert rows["height"]["subjects"] == ["obj-0"]


texts = st.text(st.characters(exclude_categories=["Cs"]))
ids = st.sampled_from(["true", "false", "similar", "1", "héhé", "", "left", "yes"])
pairs = st.tuples(ids, ids)
triples = st.lists(ids, min_size=3, max_size=3, unique=True).map(tuple)
lengths = st.floats(allow_nan=False)
finite = st.floats(allow_nan=False, allow_infinity=False)
outcomes = st.sampled_from([-1, 0, 1])
rows = st.one_of(  # kind, subjects, number, outcome
    st.tuples(st.just("gap"), pairs, finite, st.just(0)),
    st.tuples(st.sampled_from(["left_predicate", "left_right_classify"]), pairs, finite, outcomes),
    st.tuples(st.just("left_choice"), pairs.filter(lambda pair: pair[0] != pair[1]), finite, outcomes),
    st.tuples(st.sampled_from(["nearest", "order_by_depth", "count_within"]), triples, finite, st.just(2)),
    st.tuples(st.sampled_from(["bearing", "clock_direction"]), ids.map(lambda one: (one,)), finite, st.just(3)),
)
units = st.sampled_from([None, "meter", "inch"])


@given(st.lists(st.tuples(rows, lengths, texts, texts, st.integers(0, 2**63 - 1), st.none() | finite, units)))
def test_any_question_comes_back_equal(drawn):
    qas = []
    for (name, subjects, number, outcome), error, question, answer, seed, given_m, unit in drawn:
        kind = KINDS[name]
        fact = Fact(name, subjects, kind.answer(subjects, number, outcome), error, "camera", given_m)
        names = tuple(f"the {one}" for one in subjects)
        value = in_words(fact.answer, dict(zip(subjects, names))) if kind.form.of_subjects else fact.answer
        qas.append(QA("f", name, kind.family, question, answer, fact, "t", "caption", seed, names, value, unit))
    assert list(read_questions(stored(questions_table([("f", qas)])))) == [("f", qas)]


def called(scene: Scene, captions: tuple[str, ...]) -> Scene:
    """The scene with objects of these names."""
    named = [
        dataclasses.replace(one, instance=dataclasses.replace(one.instance, captions=(caption,)))
        for one, caption in zip(scene.objects, captions, strict=True)
    ]
    return dataclasses.replace(scene, objects=tuple(named))


def test_every_question_about_measured_scenes_comes_back_equal():
    """All that a row holds is all that there is to a question."""
    source, captions = ShapesSource(3, width=320, height=240), ("mug", "teal bowl", "chair", "lamp", "red box", "plant")
    config = PhraseConfig(questions_per_image=500, kinds=MEASURED)
    lifts, *measures = tail(phrase=config, seed=7)
    samples = lifts([Sample(frame=source.read(index).frame) for index in range(3)])
    samples += [Sample(scene=called(random_boxes(seed, 6), captions)) for seed in range(3)]
    kinds, asked = set(), []
    for sample in run_stages(measures, samples):
        asked.append((sample.scene.frame_id, list(sample.questions)))
        kinds |= {qa.kind for qa in sample.questions}
    assert kinds == set(MEASURED)
    assert sum(any(qa.unit for qa in qas) for _, qas in asked) == 6
    assert list(read_questions(stored(questions_table(asked)))) == asked


def test_text_that_is_no_unicode_is_escaped(make_scene, make_questions):
    scene, _ = make_scene()
    qa = dataclasses.replace(make_questions(scene, 1)[0], question="caf\udce9?", frame_id="f")
    ((_, (back,)),) = read_questions(stored(questions_table([("f", [qa])])))
    assert back.question == "caf\\udce9?"


def test_an_unknown_error_is_null_and_comes_back_nan(make_scene, make_questions):
    qa = make_questions(make_scene()[0], 1)[0]
    qa = dataclasses.replace(qa, fact=dataclasses.replace(qa.fact, error=math.nan))
    table = questions_table([("f", [qa])])
    assert table.column("qa").to_pylist()[0][0]["error"] is None
    assert math.isnan(next(read_questions(table))[1][0].fact.error)


def test_a_kind_of_a_later_version_is_read_all_the_same(make_scene, make_questions):
    qa = make_questions(make_scene()[0], 1)[0]
    qa = dataclasses.replace(qa, fact=dataclasses.replace(qa.fact, kind="colour"), kind="colour")
    assert list(read_questions(questions_table([(qa.frame_id, [qa])]))) == [(qa.frame_id, [qa])]


def test_a_value_that_is_no_answer_is_refused_by_name(make_scene, make_questions):
    scene, _ = make_scene()
    table = questions_table([("f", make_questions(scene, 1))])
    (row,) = table.column("qa").to_pylist()[0]
    for value, message in (('{"form":"smell"}', "form 'smell'"), ("yes", "no JSON")):
        with pytest.raises(DatasetError, match=rf"question 'Question 0 about the mug\?' of frame 'f'.*{message}"):
            question_from_row("f", row | {"value": value})


def test_parquet_bytes_and_layout(make_scene):
    table = scenes_table([make_scene(i % 5) for i in range(130)])
    files = [io.BytesIO(), io.BytesIO()]
    for file in files:
        schema.write_parquet(table, file)
    assert files[0].getvalue() == files[1].getvalue()
    metadata = pq.ParquetFile(files[0]).metadata
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [64, 64, 2]
    group = metadata.row_group(0)
    codecs = {group.column(i).path_in_schema: group.column(i).compression for i in range(group.num_columns)}
    assert codecs.pop("image.bytes") == "UNCOMPRESSED"
    assert set(codecs.values()) == {"ZSTD"}
