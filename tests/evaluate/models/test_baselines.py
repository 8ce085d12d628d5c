"""Who answers without a model: the prior, the geometry, recorded answers."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from spatialvlm.answers import Angle, Answer, Area, Choice, Clock, Count, Length, Order, YesNo
from spatialvlm.dataset import read_dataset
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import AnswerReading, Item
from spatialvlm.evaluate.models import AskConfig, load_answerer
from spatialvlm.evaluate.scoring import score_item
from spatialvlm.evaluate.tasks import load_task
from spatialvlm.evaluate.tasks.dataset_items import item_of
from spatialvlm.pipeline.measure import measure
from spatialvlm.pipeline.phrase import PhraseConfig, phrase
from spatialvlm.quantities import COORDINATES


def said(name: str, items: Sequence[Item], data: Path | None = None) -> list[str | None]:
    who = load_answerer(name, AskConfig(), Path(), data)
    return [answer.text for answer in who.answers("folder", items)]


def made_items(truths: Sequence[Answer], pictures: Sequence[bytes]) -> list[Item]:
    return [
        Item(str(place), "kind", "?", "?", (picture,), truth)
        for place, (truth, picture) in enumerate(zip(truths, pictures, strict=True))
    ]


@pytest.mark.parametrize(
    ("truths", "expected"),
    [
        ([Length(1.0), Length(2.0), Length(4.0), Length(9.0)], ["4 m", "4 m", "2 m", "2 m"]),
        ([Count(3), Count(5), Count(5), Count(8)], ["5", "5", "5", "5"]),
        ([YesNo(True), YesNo(True), YesNo(False), YesNo(True)], ["yes", "yes", "yes", "yes"]),
        ([Clock(3), Clock(3), Clock(9), Clock(3)], ["3 o'clock", "3 o'clock", "3 o'clock", "3 o'clock"]),
        ([Choice(("a", "b"), 1)] * 3 + [Choice(("c", "d"), 0)], ["(B)", "(B)", "(B)", "(B)"]),
        ([Area(2.0), Area(4.0), Area(8.0), Area(4.0)], ["4"] * 4),
        ([Angle(0.5)] * 4, ["28.65 degrees"] * 4),
        ([Order(("b", "a"))] * 4, ["a, b"] * 4),
    ],
)
def test_the_prior_says_what_holds_for_the_other_pictures(truths: list[Answer], expected: list[str]):
    assert said("prior", made_items(truths, [b"1", b"2", b"3", b"4"])) == expected


def test_the_prior_names_an_option_that_has_no_letter():
    items = made_items([Choice(("a", "b"), 1)] * 3 + [Choice(("c", "d"), 0)], [b"1", b"2", b"3", b"4"])
    items = [replace(item, reading=AnswerReading(lettered=False)) for item in items]
    assert said("prior", items) == ["b", "b", "b", "d"]


def test_the_prior_does_not_learn_from_the_same_picture():
    truths = [Length(1.0), Length(1.0), Length(5.0)]
    assert said("prior", made_items(truths, [b"1", b"1", b"2"])) == ["5 m", "5 m", "1 m"]
    assert said("prior", made_items(truths[:2], [b"1", b"1"])) == [None, None]


def test_the_prior_learns_from_training_data(tmp_path: Path):
    lines = [
        {"id": i, "image": "a.png", "question": "?", "form": "length", "kind": "kind", "answer": i} for i in (1, 3, 8)
    ]
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    (tmp_path / "train.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert said(f"prior:{tmp_path / 'train.jsonl'}", made_items([Length(1.0)] * 2, [b"1", b"1"])) == ["3 m", "3 m"]


def test_geometry_answers_every_question_of_its_own_dataset_as_it_was_measured(shapes: Path):
    items = list(load_task("folder").items(shapes))
    assert len(items) > 400
    for item, answer in zip(items, said("geometry", items, shapes), strict=True):
        scored = score_item(item, answer)
        if isinstance(item.truth, Length):
            assert scored.parsed.value == pytest.approx(item.truth.metres, rel=1e-3), (item.question, answer)
            assert scored.parsed.sigma == pytest.approx(item.meta["error"], rel=0.06, abs=1e-4)
        else:
            assert scored.robust.value == 1.0, (item.question, answer, item.truth)


def test_geometry_counts_and_finds_places_in_what_a_question_counts_in(shapes: Path):
    kinds = ("count_of_class", "locate", "locate_box", "free_left", "free_right", "free_front", "free_behind")
    items: list[Item] = []
    for coordinates, (scene, source) in zip(COORDINATES, read_dataset(shapes).scenes()):
        config = PhraseConfig(questions_per_image=30, kinds=kinds, coordinates=coordinates, balance="none")
        asked = phrase(scene, measure(scene, kinds=kinds), 0, config).questions
        items += [item_of(qa, f"{scene.frame_id}/{i}", source.image_bytes, {}) for i, qa in enumerate(asked)]
    assert {"count_of_class", "locate_box", "free_left"} <= {item.kind for item in items}
    for item, answer in zip(items, said("geometry", items, shapes), strict=True):
        assert score_item(item, answer).robust.value == 1.0, (item.question, answer, item.truth)


def test_geometry_says_so_where_it_cannot_tell(shapes: Path):
    item = next(iter(load_task("folder").items(shapes)))
    strange = [
        Item("1", "kind", "What is the meaning of it all?", "", item.pictures, item.truth),
        Item("2", item.kind, item.question, "", (b"another picture",), item.truth),
        Item("3", item.kind, item.question, "", (), item.truth),
    ]
    for one, answer in zip(strange, said("geometry", strange, shapes), strict=True):
        assert answer == "It can't be told from this image."
        assert score_item(one, answer).parsed.refused
    with pytest.raises(UserError, match="has no scene of any picture of folder; build a dataset"):
        said("geometry", strange[1:], shapes)


def test_baselines_say_what_they_lack(tmp_path: Path):
    for name, message in (
        ("geometry", "needs the stored scenes of the pictures; build a dataset"),
        (f"prior:{tmp_path / 'nowhere'}", "no file or folder '.*nowhere'; expected prior:DATA"),
        (f"geometry:{tmp_path}", "is no dataset; build a dataset of the pictures"),
        (f"geometry:{tmp_path / 'nowhere'}", "nowhere' is missing; build a dataset of the pictures"),
    ):
        with pytest.raises(UserError, match=message):
            said(name, [])


def recorded(path: Path, items: Sequence[Item]) -> tuple[list[str | None], list[str]]:
    notes: list[str] = []
    who = load_answerer(f"answers:{path}", AskConfig(), Path(), note=notes.append)
    return [answer.text for answer in who.answers("folder", items)], notes


def lines_of(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_recorded_answers_are_found_by_id(tmp_path: Path):
    path = tmp_path / "answers.jsonl"
    path.write_text('{"id": "0", "answer": "1.2 m"}\n{"doc_id": 1, "resps": [["about 3 m"]], "truncated": true}\n')
    items = made_items([Length(1.2)] * 3, [b"1", b"2", b"3"])
    answers = load_answerer(f"answers:{path}", AskConfig(), tmp_path).answers("folder", items)
    assert [answer.text for answer in answers] == ["1.2 m", "about 3 m", None]
    assert [answer.truncated for answer in answers] == [False, True, False]
    assert score_item(items[2], None).robust.value == 0.0


@pytest.mark.parametrize("name", ["prediction", "response", "full_prediction", "filtered_resps", "resps"])
def test_the_truth_beside_an_answer_is_not_taken_for_it(name: str, tmp_path: Path):
    path = lines_of(tmp_path / "answers.jsonl", [{"id": "0", "answer": "(A)", name: "(B)"}])
    assert recorded(path, made_items([Choice(("a", "b"), 0)], [b"1"])) == (["(B)"], [])


def test_places_of_other_harnesses_are_no_ids(tmp_path: Path):
    """Ids that count otherwise than places: the item at place 1 is called "0"."""
    items = [Item(id_, "kind", "?", "?", (b"1",), Length(1.0)) for id_ in ("2", "0", "1")]
    by_place = [{"doc_id": place, "resps": f"{place} m"} for place in (2, 0, 1)]
    assert recorded(lines_of(tmp_path / "places.jsonl", by_place), items)[0] == ["0 m", "1 m", "2 m"]
    ours = [{"doc_id": 9, "resps": f"{id_} m", "robust": {"score": 1.0, "row": {"id": id_}}} for id_ in ("0", "1", "2")]
    assert recorded(lines_of(tmp_path / "ours.jsonl", ours), items)[0] == ["2 m", "0 m", "1 m"]
    (tmp_path / "kit.tsv").write_text("index\tanswer\tprediction\n0\t9 m\t'0 \"m\n2\t9 m\t2 m\n")
    assert recorded(tmp_path / "kit.tsv", items)[0] == ["'0 \"m", None, "2 m"]
    (tmp_path / "named.tsv").write_text("index\tid\tprediction\n0\t1\tone\n")
    assert recorded(tmp_path / "named.tsv", items)[0] == [None, None, "one"]


def test_rows_about_other_items_are_counted(tmp_path: Path):
    rows = [{"id": id_, "answer": "1 m"} for id_ in ("0", "x", "y", "0")]
    answers, (note,) = recorded(lines_of(tmp_path / "answers.jsonl", rows), made_items([Length(1.0)], [b"1"]))
    assert answers == ["1 m"]
    assert "2 of 4 rows are about no item of folder that is asked, the first is 'x'" in note


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"id": "x", "answer": "1 m"}', "has no answer to any item of folder, whose ids look like '0'"),
        ('{"id": "0"}', "line 1: got id; expected 'answer'"),
        ('{"answer": "1 m"}', "line 1: got answer; expected 'id'"),
        ('{"doc_id": "first", "answer": "1 m"}', "got doc_id 'first'; expected the place of an item, from 0"),
        ('{"id": 0, "answer": "1 m"}\n{"id": "0", "answer": "2 m"}', "'0' has two different answers"),
        ("nonsense", "no JSON"),
    ],
)
def test_a_file_of_answers_that_does_not_fit_says_why(text: str, message: str, tmp_path: Path):
    (tmp_path / "answers.jsonl").write_text(text)
    with pytest.raises(UserError, match=message):
        said(f"answers:{tmp_path / 'answers.jsonl'}", made_items([Length(1.2)], [b"1"]))
    with pytest.raises(UserError, match="no such file"):
        said(f"answers:{tmp_path / 'missing.jsonl'}", [])
    with pytest.raises(UserError, match="names no file; expected answers:FILE"):
        said("answers:", [])
