"""VSI-Bench: real videos, frames of them, numbers and choices; the official rule with its faults, answer by answer."""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spatialvlm.answers import Area, Choice, Count, Length
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.scoring import score_item
from spatialvlm.evaluate.tasks import vsi_bench
from spatialvlm.evaluate.tasks.vsi_bench import DIRECTIONS, FRAMES, TASK, items, official, read_frames

SCHEMA = pa.schema(
    {
        "id": pa.int64(),
        "dataset": pa.string(),
        "scene_name": pa.string(),
        "question_type": pa.string(),
        "question": pa.string(),
        "options": pa.list_(pa.string()),
        "ground_truth": pa.string(),
        "pruned": pa.bool_(),
    }
)


def count(**changed: object) -> dict[str, object]:
    return {
        "id": 0,
        "dataset": "scannet",
        "scene_name": "scene0000_00",
        "question_type": "object_counting",
        "question": "How many chairs are in this room?",
        "options": None,
        "ground_truth": "4",
        "pruned": False,
    } | changed


def nearest(**changed: object) -> dict[str, object]:
    found = {
        "id": 1,
        "question_type": "object_rel_distance",
        "question": "Which of these is nearest to the door?",
        "options": ["A. sofa", "B. table", "C. bed"],
        "ground_truth": "B",
    }
    return count(**(found | changed))


def film(file: Path, frames: int) -> None:
    """A video in which a white bar goes from left to right, 4 pixels a frame."""
    file.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"mp4v"), 10, (192, 48))
    for n in range(frames):
        frame = np.zeros((48, 192, 3), np.uint8)
        frame[:, 4 * n : 4 * n + 4] = 255
        writer.write(frame)
    writer.release()


def place(frame: bytes) -> int:
    """Which frame of a film this is."""
    pixels = cv2.imdecode(np.frombuffer(frame, np.uint8), cv2.IMREAD_GRAYSCALE)
    return int(pixels.reshape(48, 48, 4).mean(axis=(0, 2)).argmax())


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    def build(*rows: dict[str, object]) -> Path:
        for name, pruned in (("debiased", False), ("pruned", True)):
            held = [row for row in rows if row["pruned"] is pruned]
            pq.write_table(pa.Table.from_pylist(held, SCHEMA), tmp_path / f"test_{name}.parquet")
        film(tmp_path / "scannet" / "scene0000_00.mp4", 46)
        return tmp_path

    return build


def number(truth: str) -> Item:
    return Item("0", "object_counting", "How many?", "How many?", (), Count(int(float(truth))), {"ground_truth": truth})


def choice(truth: str) -> Item:
    options = Choice(("sofa", "table", "bed"), "ABC".index(truth))
    return Item("0", "object_rel_distance", "Which?", "Which?", (), options, {"ground_truth": truth})


def test_rows_become_numbers_and_choices_with_frames(folder):
    counting, choosing = items(folder(count(), nearest(pruned=True)))
    assert (counting.id, counting.kind, counting.truth) == ("0", "object_counting", Count(4))
    assert (counting.reading.rule, choosing.reading.rule) == ("mra", None)
    assert choosing.truth == Choice(("sofa", "table", "bed"), 1)
    assert len(counting.pictures) == FRAMES
    assert choosing.pictures is counting.pictures, "questions of one video share its frames"
    assert counting.prompt.splitlines()[1:] == [counting.question, "Answer with one number and nothing else."]
    assert choosing.prompt.splitlines()[2:-1] == ["A. sofa", "B. table", "C. bed"]
    assert "letter" in choosing.prompt.splitlines()[-1]
    assert choosing.meta == {
        "ground_truth": "B",
        "dataset": "scannet",
        "scene": "scene0000_00",
        "pruned": True,
    }


@pytest.mark.parametrize(
    ("kind", "told", "truth", "answers"),
    [
        ("object_abs_distance", "1.5", Length(1.5), ("1.5", "1.5 meters", "150 cm")),
        ("object_size_estimation", "60", Length(0.6), ("60", "60 cm", "0.6 m")),
        ("room_size_estimation", "20.5", Area(20.5), ("20.5", "20.5 square meters")),
        ("object_counting", "3", Count(3), ("3", "three")),
    ],
)
def test_numbers_are_in_the_unit_that_their_question_names(folder, kind, told, truth, answers):
    (item,) = items(folder(count(question_type=kind, ground_truth=told)))
    assert item.truth == truth
    assert [score_item(item, answer).robust.value for answer in answers] == [1.0] * len(answers)


def test_every_video_is_decoded_once_and_one_is_in_memory(folder, tmp_path, monkeypatch):
    scenes = ("scene0000_00", "scene0001_00", "scene0002_00")
    rows = [count(id=10 * n + place, scene_name=scene) for n in range(3) for place, scene in enumerate(scenes)]
    place_of_data = folder(*rows)
    for number, scene in enumerate(scenes):
        film(tmp_path / "scannet" / f"{scene}.mp4", 3 + number)
    decoded, scratch = [], tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.setattr(vsi_bench, "read_frames", lambda *asked: decoded.append(asked[0]) or read_frames(*asked))

    first = [read_frames(tmp_path / "scannet" / f"{scene}.mp4", FRAMES) for scene in scenes]
    for n, item in enumerate(items(place_of_data)):
        assert item.pictures == first[n % 3]
        assert len(list(scratch.rglob("*.jpg"))) == sum(map(len, first[: min(n + 1, 3)]))
    assert [path.stem for path in decoded] == list(scenes)
    assert not list(scratch.iterdir())

    stopped = iter(items(place_of_data))
    one, _ = next(stopped), next(stopped)
    held = sys.getrefcount(one.pictures)
    assert held == 2, "by the item and by this call, and no longer by the reader"
    del stopped
    assert not list(scratch.iterdir())


def test_one_file_without_pruned_is_read_too(tmp_path):
    table = pa.Table.from_pylist([count()], SCHEMA).drop_columns(["pruned"])
    pq.write_table(table, tmp_path / "test-00000-of-00001.parquet")
    film(tmp_path / "scannet" / "scene0000_00.mp4", 3)
    (item,) = items(tmp_path)
    assert item.meta["pruned"] is None


def test_frames_are_spread_from_the_first_to_the_last(tmp_path):
    film(tmp_path / "v.mp4", 46)
    assert [place(frame) for frame in read_frames(tmp_path / "v.mp4", FRAMES)] == list(range(0, 46, 3))


def test_a_short_video_gives_all_its_frames(tmp_path):
    film(tmp_path / "v.mp4", 5)
    assert len(read_frames(tmp_path / "v.mp4", FRAMES)) == 5


def test_the_same_video_gives_the_same_bytes(tmp_path):
    film(tmp_path / "v.mp4", 20)
    assert read_frames(tmp_path / "v.mp4", FRAMES) == read_frames(tmp_path / "v.mp4", FRAMES)


def test_a_video_that_is_missing_is_named_with_its_archive(folder):
    with pytest.raises(UserError, match=r"VSI-Bench row 7: no video .*41069025\.mp4'; get arkitscenes\.zip"):
        list(items(folder(count(), count(id=7, dataset="arkitscenes", scene_name="41069025"))))


def test_a_file_that_is_no_video_is_named(tmp_path):
    (tmp_path / "v.mp4").write_bytes(b"no video")
    with pytest.raises(UserError, match="no frame can be read"):
        read_frames(tmp_path / "v.mp4", FRAMES)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (count(ground_truth="four"), "ground_truth 'four': expected a number"),
        (count(question_type="object_colour"), "question_type 'object_colour'"),
        (nearest(ground_truth="D"), "ground_truth 'D'"),
        (nearest(options=["sofa", "table", "bed"]), "expected 'A. ...'"),
        (nearest(options=None), "options None"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(folder, row, says):
    with pytest.raises(UserError, match=f"VSI-Bench row {row['id']}: ") as caught:
        list(items(folder(row)))
    assert says in str(caught.value)


NUMBERS = [
    # answer, truth, value: the share of the ten limits 0.5, 0.45, ..., 0.05 that the relative error does not exceed
    ("4", "4", 1.0),  # 0
    ("4.", "4", 1.0),  # a full stop is cut
    ("4 chairs", "4", 1.0),  # the first word alone
    ("3", "4", 0.6),  # 0.25: 0.5, 0.45, 0.4, 0.35, 0.3 and, just, 0.25
    ("2", "4", 0.1),  # 0.5: only the widest
    ("1.9", "4", 0.0),  # 0.525
    ("6", "4", 0.1),  # 0.5 above
    ("100", "4", 0.0),  # 24
    ("1.04", "1.0", 1.0),  # 0.04
    ("1.06", "1.0", 0.9),  # 0.06: all but 0.05
    ("-4", "4", 0.0),  # 2
    ("4e0", "4", 1.0),  # Python's float
    ("4_0", "40", 1.0),  # this too
    ("nan", "4", 0.0),  # no comparison holds
    ("inf", "4", 0.0),
    ("four", "4", 0.0),  # words are no numbers
    ("About 4", "4", 0.0),  # nor is the first word here
    ("4m", "4", 0.0),  # nor a number with its unit
    ("4\nchairs", "4", 0.0),  # words end at blanks alone
    (" 4", "4", 0.0),  # before the first blank is nothing
    ("**4**", "4", 0.0),
    ("4,000", "4000", 0.0),
    ("", "4", 0.0),
    ("0", "0", 0.0),  # the script divides by the truth
]


@pytest.mark.parametrize(("answer", "truth", "value"), NUMBERS)
def test_the_official_rule_of_numbers(answer, truth, value):
    assert official(number(truth), answer).value == pytest.approx(value)


LETTERS = [
    # answer, value where B is right
    ("B", 1.0),
    ("b", 1.0),  # any case
    ("B.", 1.0),
    ("B. table", 1.0),  # the first word is "B."
    ("B table", 1.0),
    ("B\n", 1.0),  # blanks of all sorts are cut behind
    ("B.\n", 0.0),  # but the full stop only at the very end
    ("B\ntable", 0.0),  # the first word goes on
    (" B", 0.0),  # before the first blank is nothing
    ("(B)", 0.0),
    ("B)", 0.0),
    ("**B**", 0.0),
    ("The answer is B", 0.0),
    ("table", 0.0),
    ("A", 0.0),
    ("", 0.0),
]


@pytest.mark.parametrize(("answer", "value"), LETTERS)
def test_the_official_rule_of_letters(answer, value):
    assert official(choice("B"), answer).value == value


def test_an_answer_that_is_no_number_is_told():
    found = official(number("4"), "four chairs")
    assert (found.value, found.answer) == (0.0, None)
    assert "'four' is no number" in found.explanation


def test_the_figure_is_the_mean_of_eight_tasks_with_directions_as_one(folder):
    rows = [
        *(count(id=n, pruned=n == 2) for n in range(3)),  # 1, 1, 0: 2/3; not pruned: 1
        *(nearest(id=10 + n, question_type=kind) for n, kind in enumerate(DIRECTIONS)),  # 1, 0, 0: 1/3
        nearest(id=20),  # 0
    ]
    chosen = list(items(folder(*rows)))
    scored = [score_item(item, "4", official) for item in chosen]
    values = [1.0 if item.id in ("0", "1", "10") else 0.0 for item in chosen]
    assert TASK.figures
    assert TASK.figures(scored, values) == {
        "mean of tasks": pytest.approx((2 / 3 + 1 / 3 + 0) / 3),
        "mean of tasks, debiased": pytest.approx((1 + 1 / 3 + 0) / 3),
    }
    assert TASK.figures([], []) == {}
