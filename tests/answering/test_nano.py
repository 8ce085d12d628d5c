"""The small model of the package: it is whole, small, and says lengths where they are asked."""

from importlib.resources import files
from pathlib import Path

import pytest

import spatialvlm as sv
from spatialvlm.answers import Length
from spatialvlm.models import load_vlm, parse_model
from spatialvlm.pipeline.phrase import PhraseConfig, phrase
from spatialvlm.quantities import parse

pytest.importorskip("jinja2")
pytest.importorskip("tokenizers")

MOST_BYTES = 24 << 20


def test_it_is_small_and_says_what_it_is():
    folder = Path(str(files("spatialvlm"))) / "nano"
    assert sum(path.stat().st_size for path in folder.iterdir()) < MOST_BYTES
    assert "trained from nothing" in (folder / "README.md").read_text()


def test_every_question_for_a_length_gets_one():
    frame = sv.collect("shapes:1")[0].frame
    assert frame is not None
    scene = sv.lift(frame).scene
    assert scene is not None
    asked = phrase(scene, sv.measure(scene), 0, PhraseConfig(questions_per_image=40, quantitative_share=1.0)).questions
    lengths = [qa for qa in asked if isinstance(qa.value, Length)][:16]
    assert len(lengths) == 16
    vlm = load_vlm(parse_model("nano"), max_new_tokens=48)
    said = vlm.answers([([frame.image], qa.question) for qa in lengths])
    assert all(parse(reply) is not None for reply in said), said
