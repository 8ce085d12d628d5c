"""EmbSpatial-Bench: its rows in both layouts that the hub has, as choices by letter."""

import base64
import json
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spatialvlm.answers import Choice
from spatialvlm.errors import UserError
from spatialvlm.evaluate.scoring import score_item
from spatialvlm.evaluate.tasks.embspatial import TASK, items

PNG = cv2.imencode(".png", np.zeros((4, 6, 3), np.uint8))[1].tobytes()


def close(**changed: object) -> dict[str, object]:
    return {
        "data_source": "mp3d",
        "scene_id": "a scene",
        "question_id": "mp3d_57",
        "question": "Which object is nearest to you?",
        "relation": "close",
        "image": base64.b64encode(PNG).decode(),
        "answer_options": ["garage door", "cabinet", "table", "cart"],
        "answer": 2,
        "objects": [{"name": "table", "bbox": [0, 396, 640, 84]}],
    } | changed


def written(folder: Path, *rows: dict[str, object]) -> Path:
    (folder / "embspatial_bench.json").write_text(json.dumps(rows))
    return folder


def test_a_row_of_the_authors_file_is_a_choice_by_letter(tmp_path):
    (item,) = items(written(tmp_path, close()))
    assert (item.id, item.kind) == ("mp3d_57", "close")
    assert item.pictures == (PNG,)
    assert item.truth == Choice(("garage door", "cabinet", "table", "cart"), 2)
    assert item.prompt.splitlines() == [
        "Which object is nearest to you?",
        "(A) garage door",
        "(B) cabinet",
        "(C) table",
        "(D) cart",
        "Answer with the letter of one option and nothing else.",
    ]
    assert item.meta == {"relation": "close", "source": "mp3d"}


def test_parquet_goes_first_and_is_read_once(tmp_path):
    written(tmp_path, close(), close(question_id="mp3d_58"))
    (tmp_path / "data").mkdir()
    row = close(question_id="mp3d_9", image={"bytes": PNG, "path": None})
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "data" / "test-00000-of-00001.parquet")
    assert [(item.id, item.pictures) for item in items(tmp_path)] == [("mp3d_9", (PNG,))]


def test_sentences_may_be_options(tmp_path):
    options = ["The drawer is blocking the soap.", "The drawer is beneath the soap."]
    (item,) = items(written(tmp_path, close(relation="under", answer_options=options, answer=1)))
    assert score_item(item, "(B)").robust.value == 1.0
    assert score_item(item, "").robust.value == 0.0


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"answer": 4}, "answer 4: expected 0 to 3"),
        ({"answer": "C"}, "answer 'C': expected 0 to 3"),
        ({"answer_options": ["table"]}, "expected 2 options or more"),
        ({"answer_options": "table"}, "expected 2 options or more"),
        ({"image": "none.jpg"}, "none.jpg"),
        ({"image": None}, "image: got NoneType"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tmp_path, changed, says):
    with pytest.raises(UserError, match=r"EmbSpatial-Bench row mp3d_57: ") as caught:
        list(items(written(tmp_path, close(**changed))))
    assert says in str(caught.value)


def test_there_is_no_official_rule():
    assert TASK.official is None
