"""Answers that a real model gave: GPT-4o on BLINK, with the letters that its authors read in them."""

import json
from pathlib import Path

import pytest

from spatialvlm.evaluate.items import AnswerReading
from spatialvlm.evaluate.parsing.choice_answers import LETTERS, parse_choice


@pytest.mark.parametrize(
    ("name", "options", "count"),
    [("Relative_Depth", ("A is closer", "B is closer"), 248), ("Spatial_Relation", ("yes", "no"), 286)],
)
def test_the_robust_reader_agrees_with_the_authors(name: str, options: tuple[str, ...], count: int, assets: Path):
    splits = json.loads((assets / "bench-blink-outputs" / f"{name}.json").read_text())
    rows = [row for split in splits.values() for row in split]
    assert len(rows) == count
    read = [parse_choice(row["full_prediction"], options, AnswerReading()).value for row in rows]
    said = ["(Z)" if place is None else f"({LETTERS[place]})" for place in read]
    disagreements = [row for row, letter in zip(rows, said, strict=True) if letter != row["prediction"]]
    assert disagreements == []
