"""Records -> Parquet -> equal records; the columns are those of the design."""

import dataclasses
import io
import math

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatialvlm.dataset import schema
from spatialvlm.dataset.questions import questions_table, read_questions
from spatialvlm.dataset.scenes import read_scenes, scenes_table
from spatialvlm.errors import DatasetError
from spatialvlm.geometry import encode_mask
from spatialvlm.kinds import KINDS
from spatialvlm.records import QA, Fact, Rle


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
    rows = [(make_scene(i)[0].frame_id, make_questions(make_scene(i)[0], 43 - i)) for i in range(3)]
    rows.insert(1, ("empty", []))
    table = stored(questions_table(rows))
    assert table.schema.equals(schema.QA)
    assert list(read_questions(table)) == rows
    assert list(read_questions(table.slice(2, 2))) == rows[2:]
    values = [qa.fact.value for _, qas in read_questions(table) for qa in qas]
    assert {type(value) for value in values} == {bool, float, str}


def test_the_columns_of_a_question_are_those_of_the_design(make_scene, make_questions):
    scene, _ = make_scene()
    table = questions_table([(scene.frame_id, make_questions(scene))])
    rows = {row["kind"]: row for row in table.column("qa").to_pylist()[0]}
    names = "kind family question answer subjects number unit label error in_frame template reference seed"
    assert list(rows["distance"]) == names.split()
    length, predicate = rows["distance"], rows["left_predicate"]
    assert (length["number"], length["unit"], length["label"]) == (pytest.approx(0.31 / 3), "m", None)
    assert (predicate["number"], predicate["unit"], predicate["label"]) == (None, None, "true")
    assert rows["left_choice"]["label"] in ("obj-0", "obj-1")
    assert rows["left_right_classify"]["label"] in ("left", "similar")
    assert predicate["subjects"] == ["obj-0", "obj-1"]
    assert rows["height"]["subjects"] == ["obj-0"]


texts = st.text(st.characters(exclude_categories=["Cs"]))
ids = st.sampled_from(["true", "false", "similar", "1", "héhé", ""])
lengths = st.floats(allow_nan=False)
facts = st.one_of(
    st.tuples(st.just("gap"), st.tuples(ids, ids), lengths, st.just("m"), st.just("camera"), lengths),
    st.tuples(st.just("left_predicate"), st.tuples(ids, ids), st.booleans(), st.just("1"), st.just("world"), lengths),
    st.tuples(st.just("left_choice"), st.tuples(ids, ids), ids, st.just("1"), st.just("world"), lengths),
)


@given(st.lists(st.tuples(facts, texts, texts, st.integers(0, 2**63 - 1))))
def test_any_question_comes_back_equal(drawn):
    qas = [
        QA("f", fact[0], KINDS[fact[0]].family, question, answer, Fact(*fact), "t", "caption", seed)
        for fact, question, answer, seed in drawn
    ]
    assert list(read_questions(stored(questions_table([("f", qas)])))) == [("f", qas)]


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


def test_a_kind_of_a_later_version_is_refused_by_name(make_scene, make_questions):
    qa = make_questions(make_scene()[0], 1)[0]
    qa = dataclasses.replace(qa, fact=dataclasses.replace(qa.fact, kind="clock"), kind="clock")
    with pytest.raises(DatasetError, match="'clock' of frame 'f'"):
        list(read_questions(questions_table([("f", [qa])])))


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
