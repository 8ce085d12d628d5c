"""What the numbers of places count in: told, or told by a run as a whole."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spatialvlm.errors import UserError
from spatialvlm.evaluate import evaluate
from spatialvlm.evaluate.parsing.coordinates import check_coordinates, likeliest
from spatialvlm.evaluate.parsing.point_answers import parse_points, uncertain_pair

SPANS = {"thousandths": lambda w, h: (1000, 1000), "percent": lambda w, h: (100, 100), "pixels": lambda w, h: (w, h)}


@pytest.mark.parametrize("way", SPANS)
@pytest.mark.parametrize("size", [(320, 240), (640, 480), (1280, 960), (1920, 1440), (480, 640)])
def test_a_run_tells_what_it_counts_in(way, size):
    rng = np.random.default_rng(3)
    for count in (30, 120):
        shares = rng.uniform(0.02, 0.98, (count, 2))
        if way == "pixels":
            shares[::20] += 0.4  # some lie outside; of a thousand there is nothing beyond
        found = [((x, y), size) for x, y in (shares * SPANS[way](*size)).round().tolist()]
        assert likeliest(found) == way


def test_one_answer_is_not_much_but_what_leaves_the_picture_tells():
    assert likeliest([((500.0, 300.0), (480, 360))]) == "thousandths"
    assert likeliest([((300.0, 200.0), (480, 360))]) == "pixels"
    assert likeliest([((300.0, 200.0), None)]) == "thousandths", "of pictures of unknown size"
    assert likeliest([]) is None


def test_what_says_it_itself_does_not_vote():
    for said in ("(0.3, 0.4)", '<point x="30" y="40">', '{"point": [300, 400]}', "(30%, 40%)", "there"):
        assert uncertain_pair(said) is None
        assert parse_points(said, (640, 480), "thousandths") == parse_points(said, (640, 480))
    assert uncertain_pair('```json\n[{"point_2d": [300, 400], "label": "x"}]\n```') == (300, 400)


@pytest.mark.parametrize(
    ("name", "place"),
    [("thousandths", (0.3, 0.2)), ("pixels", (300 / 640, 200 / 480)), ("600x400", (0.5, 0.5)), ("percent", (3.0, 2.0))],
)
def test_a_name_decides(name, place):
    assert parse_points("(300, 200)", (640, 480), check_coordinates(name)).value == (pytest.approx(place),)
    with pytest.raises(UserError, match="choose one of shares, percent, thousandths, pixels, or the size"):
        check_coordinates(f"{name}s")


def asked(folder: Path, *, box: bool) -> Path:
    """Questions about places in a picture of 480 x 360 around (0.6, 0.7)."""
    Image.fromarray(np.zeros((360, 480, 3), np.uint8)).save(folder / "p.png")
    truth = [0.5, 0.6, 0.7, 0.8] if box else [[0.5, 0.6], [0.7, 0.6], [0.7, 0.8], [0.5, 0.8]]
    form = "bounding_box" if box else "region"
    rows = [
        {"id": str(n), "image": "p.png", "question": f"Where {n}?", "form": form, "answer": truth} for n in range(4)
    ]
    (folder / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "q.jsonl"


@pytest.mark.parametrize("box", [False, True])
def test_a_run_of_thousandths_is_read_as_such_and_says_so(tmp_path, box):
    data = asked(tmp_path, box=box)
    said = '{"bbox_2d": [500, 600, 700, 800]}' if box else '[{"point_2d": [600, 700]}]'
    lines = [json.dumps({"id": str(n), "answer": said}) + "\n" for n in range(4)]
    (tmp_path / "a.jsonl").write_text("".join(lines))
    notes: list[str] = []
    run = {"model": f"answers:{tmp_path / 'a.jsonl'}", "tasks": ["folder"], "data": {"folder": data}}
    found = evaluate(out=tmp_path / "out", note=notes.append, **run).scored["folder"]
    assert [(one.robust.value, one.parsed.how) for one in found] == [(1.0, "thousandths")] * 4
    assert any("places count in thousandths" in note for note in notes)
    told = evaluate(out=tmp_path / "told", coordinates="pixels", **run).scored["folder"]
    assert [one.robust.value for one in told] == [0.0] * 4
    with pytest.raises(UserError, match=r"holds results of .* with coordinates pixels"):
        evaluate(out=tmp_path / "told", **run)
