"""Every rendering of a fact comes back from a dataset and from its exports as it was; marks are in the pictures."""

import json

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from spatialvlm.dataset import SceneQuestions, export, marked_picture, questions_of_row, read_dataset
from spatialvlm.engine import build_recipe
from spatialvlm.errors import DatasetError
from spatialvlm.page import colour, draw_marks
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.phrase import PhraseConfig
from spatialvlm.recipes import Recipe
from spatialvlm.records import Source

ASKED = PhraseConfig(
    12, ways=("open", "choice", "yes_no", "json"), refer=("caption", "mark", "box", "point"), coordinates="pixels"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("ways") / "dataset"
    build_recipe(Recipe("shapes:6", collect=CollectConfig((200, 150)), phrase=ASKED, shard_size=3), out)
    return out


def test_every_rendering_is_read_back_from_the_dataset(folder):
    stored = [qa for _, questions in read_dataset(folder).questions() for qa in questions]
    made = [qa for asked in SceneQuestions(folder) for qa in asked.questions]
    assert stored == made
    assert {qa.asked_as for qa in stored} == {*ASKED.ways}
    assert {qa.reference.split("+")[0] for qa in stored} == {"caption", "mark", "box/pixels", "point/pixels"}


def test_rows_of_before_there_were_ways_are_read(folder):
    from spatialvlm.dataset.questions import question_from_row, questions_table

    frame_id, questions = next(read_dataset(folder).questions())
    plain = [qa for qa in questions if qa.asked_as == "open"]
    (rows,) = questions_table([(frame_id, plain)]).column("qa").to_pylist()
    older = [{name: value for name, value in row.items() if name not in ("asked_as", "fact")} for row in rows]
    assert [question_from_row(frame_id, row) for row in older] == plain


@pytest.mark.parametrize("per", ["image", "question"])
@pytest.mark.parametrize("to", ["messages", "llava", "sharegpt", "hf"])
def test_every_rendering_is_read_back_from_exports(folder, tmp_path, to, per):
    export(folder, tmp_path / "out", to=to, per=per)
    rows = rows_of(tmp_path / "out")
    stored = [qa for _, questions in read_dataset(folder).questions() for qa in questions]
    assert [qa for row in rows for qa in questions_of_row(row)] == stored


def rows_of(out):
    if (out / "data").is_dir():
        return [row for path in sorted(out.glob("data/*.parquet")) for row in pq.read_table(path).to_pylist()]
    if (out / "data.json").exists():
        return json.loads((out / "data.json").read_text())
    return [json.loads(line) for line in (out / "data.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("per", ["image", "question"])
def test_marks_are_in_the_picture_of_questions_that_use_them_and_in_no_other(folder, tmp_path, per):
    export(folder, tmp_path / "out", to="messages", per=per)
    originals = {scene.frame_id: source.image_bytes for scene, source in read_dataset(folder).scenes()}
    seen = set()
    for row in rows_of(tmp_path / "out"):
        (path,) = row["images"]
        uses = any(qa.reference == "mark" for qa in questions_of_row(row))
        assert (".marked." in path) is uses
        data = (tmp_path / "out" / path).read_bytes()
        assert (data == originals[row["frame_id"]]) is not uses
        seen.add(uses)
    assert True in seen
    assert per == "image" or seen == {True, False}


def test_the_marks_of_a_dataset_have_the_numbers_and_colours_of_its_report(folder):
    scene, source, _ = read_dataset(folder).at(0)
    image = cv2.imdecode(np.frombuffer(marked_picture(scene, source), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    for place in range(len(scene.objects)):
        assert np.any(np.all(image == colour(place), axis=2)), f"mark {place + 1} has its colour"


def test_a_picture_that_is_none_has_no_marks(folder):
    scene, _, _ = read_dataset(folder).at(0)
    with pytest.raises(DatasetError, match="no picture of 200x150"):
        marked_picture(scene, Source("s", image_bytes=b"none"))


@pytest.mark.parametrize("size", [(72, 96), (240, 320), (1080, 1920)])
def test_a_mark_lies_on_its_object_unless_it_would_hide_it(size):
    height, width = size
    image = np.full((height, width, 3), 90, np.uint8)
    large, tiny = np.zeros((2, height, width), bool)
    large[height // 2 :, : width // 2] = True
    tiny[5:9, 5:9] = True
    before = image.copy()
    marked = draw_marks(image, [large, tiny])
    assert np.array_equal(image, before), "on a copy"
    assert np.any(np.all(marked == colour(0), axis=2)[large])
    changed = np.any(marked != image, axis=2)
    assert not changed[height // 2 :, width // 2 + 20 :].any(), "the rest stays as it is"


def test_ask_takes_ways_and_refuses_others(run, folder, tmp_path):
    code, _, err = run("ask", folder, "--out", tmp_path / "q", "--ways", "choice,json", "--refer", "box")
    assert code == 0, err
    asked = [qa for _, questions in read_dataset(tmp_path / "q").questions() for qa in questions]
    assert {qa.asked_as for qa in asked} == {"choice", "json"}
    assert {qa.reference for qa in asked} == {"box/pixels"}, "the convention stays as it was"
    code, _, err = run("ask", folder, "--out", tmp_path / "q2", "--coordinates", "percent")
    assert code == 2
    assert all(known in err for known in ("0-1", "0-1000", "pixels"))
