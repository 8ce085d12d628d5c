"""What is kept and why the rest is dropped, with a classifier that reads the label from the picture."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from spatialvlm.errors import UserError
from spatialvlm.models import Model
from spatialvlm.pipeline import cull
from spatialvlm.pipeline.cull import Cull, CullConfig
from spatialvlm.pipeline.cull.duplicates import FLAT, find_duplicates, perceptual_hash
from spatialvlm.pipeline.cull.screen import Screen, fingerprint
from spatialvlm.records import Drop, Frame, Source

LABELS = CullConfig(keep=("a kitchen", "a street"), drop=("a painting",), model=Model("clip", "none"))


class Oracle:
    """The label's number is the grey of the first pixel; it has the probability 0.7."""

    name = "oracle"
    version = "1"

    def __init__(self, labels: int = 3) -> None:
        self.labels = labels
        self.asked: list[int] = []

    def __call__(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        self.asked.append(len(images))
        rows = [np.full(self.labels, 0.3 / (self.labels - 1), np.float32) for _ in images]
        for row, image in zip(rows, images, strict=True):
            row[int(image[0, 0, 0])] = 0.7
        return rows


def frame(name: str, label: int = 0, seed: int = 0, side: int = 120, blur: float = 0) -> Frame:
    generator = np.random.default_rng(seed)
    image = cv2.resize(generator.integers(0, 255, (12, 12, 3), dtype=np.uint8), (side, side), interpolation=0)
    if blur:
        image = cv2.GaussianBlur(image, (0, 0), blur)
    image[0, 0] = label
    return Frame(name, image, None, None, None, None, Source("test"))


def culled(config: CullConfig, duplicates: dict[str, str], frames: Sequence[Frame]) -> Sequence[Frame | Drop]:
    stage = Cull(config)
    stage.duplicates.update(duplicates)
    return stage.run(frames)


def drops(results: Sequence[Frame | Drop]) -> dict[str, str]:
    return {result.id: result.reason for result in results if isinstance(result, Drop)}


def test_by_default_frames_pass_untouched_and_nothing_is_computed(monkeypatch):
    monkeypatch.setattr("spatialvlm.pipeline.cull.screen.sharpness", None)
    frames = [frame("a"), frame("b", blur=9)]
    for config in (CullConfig(), CullConfig(keep=("a kitchen",), drop=("a cat",))):
        kept = Cull(config).run(frames)
        assert [a is b for a, b in zip(kept, frames, strict=True)] == [True, True]
        assert all(isinstance(one, Frame) and one.verdict is None for one in kept)


def test_the_best_label_decides():
    oracle = Oracle()
    screen = Screen(LABELS, oracle, {})
    results = screen([frame("a", 0), frame("b", 1), frame("c", 2)])
    assert [result.id for result in results] == ["a", "b", "c"]
    assert drops(results) == {"c": "not_a_scene: 'a painting' fits best (0.70)"}
    kept = [result for result in results if isinstance(result, Frame)]
    verdicts = [result.verdict for result in kept]
    assert [(one.label, round(one.score or 0, 3)) for one in verdicts if one] == [("a kitchen", 0.7), ("a street", 0.7)]
    assert [result.versions for result in kept] == [{"cull": "oracle@1"}] * 2
    assert all(isinstance(result, Frame) or result.stage == "cull" for result in results)


def test_versions_of_others_stay():
    before = replace(frame("a"), versions={"lift": "x@1"})
    [after] = Screen(LABELS, Oracle(), {})([before])
    assert isinstance(after, Frame)
    assert after.versions == {"lift": "x@1", "cull": "oracle@1"}
    assert before.versions == {"lift": "x@1"}
    assert before.verdict is None


def test_the_model_sees_only_what_is_left():
    config = replace(LABELS, min_side_px=100, min_sharpness=0.33, duplicate_bits=6)
    oracle = Oracle()
    frames = [
        frame("small", side=99, blur=9),
        frame("soft", blur=9),
        frame("again", 2),
        frame("art", 2),
        frame("good"),
    ]
    results = Screen(config, oracle, {"again": "first", "soft": "first", "small": "first"})(frames)
    assert oracle.asked == [2]
    assert drops(results) == {
        "small": "too_small: 99 x 99 px, expected at least 100 px on the shorter side",
        "soft": drops(results)["soft"],
        "again": "near_duplicate: of 'first' (at most 6 of 64 bits differ)",
        "art": "not_a_scene: 'a painting' fits best (0.70)",
    }
    assert drops(results)["soft"].startswith("blurred: sharpness 0.")
    assert drops(results)["soft"].endswith(", expected at least 0.33")


def test_without_a_model_the_verdict_has_no_label():
    [kept] = Cull(CullConfig(min_sharpness=0.1)).run([frame("a")])
    assert isinstance(kept, Frame)
    assert kept.verdict is not None
    assert (kept.verdict.label, kept.verdict.score) == (None, None)
    assert 0.3 < kept.verdict.sharpness <= 1
    assert kept.versions == {}


def test_duplicates_count_only_where_they_were_asked_for():
    frames = [frame("a"), frame("b")]
    assert not drops(culled(CullConfig(min_side_px=1), {"b": "a"}, frames))
    assert set(drops(culled(CullConfig(duplicate_bits=0), {"b": "a"}, frames))) == {"b"}


def test_what_is_dropped_does_not_depend_on_batches():
    config = replace(LABELS, min_side_px=100, min_sharpness=0.33, duplicate_bits=6)
    frames = [
        frame(f"{i}", label=i % 3, seed=i % 4, side=(90, 120, 200)[i % 3], blur=(0, 9)[i % 5 == 0]) for i in range(20)
    ]
    hashes = np.array([fingerprint(one.image, config) for one in frames], np.uint64)
    found = find_duplicates([one.id for one in frames], hashes, 6)
    screen = Screen(config, Oracle(), found)
    whole = [(r.id, r.reason) if isinstance(r, Drop) else (r.id, r.verdict) for r in screen(frames)]
    split = [
        (r.id, r.reason) if isinstance(r, Drop) else (r.id, r.verdict)
        for start in range(0, 20, 3)
        for r in screen(frames[start : start + 3])
    ]
    assert whole == split
    assert screen([]) == []


def test_none_is_dropped_for_one_that_is_dropped_itself():
    config = CullConfig(min_side_px=100, min_sharpness=0.33, duplicate_bits=6)
    frames = [frame("small", side=99), frame("soft", blur=4), frame("sharp")]
    assert perceptual_hash(frames[0].image) != FLAT
    hashes = [fingerprint(one.image, config) for one in frames]
    assert hashes[:2] == [FLAT, FLAT]
    found = find_duplicates([one.id for one in frames], np.array(hashes, np.uint64), 6)
    assert set(drops(culled(config, found, frames))) == {"small", "soft"}


def test_black_frames_pass_what_does_not_ask_for_structure():
    black = replace(frame("black"), image=np.zeros((32, 32, 3), np.uint8))
    results = Cull(CullConfig(min_sharpness=0.33, duplicate_bits=6)).run([black, black])
    assert not drops(results)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"min_side_px": -1}, "min_side_px -1: expected 0 or more"),
        ({"min_sharpness": 1.5}, "min_sharpness 1.5: expected 0 to 1"),
        ({"duplicate_bits": 17}, "duplicate_bits 17: expected 0 to 16"),
        ({"duplicate_bits": -1}, "duplicate_bits -1: expected 0 to 16"),
        ({"keep": ("a", "b"), "drop": ("b",)}, "the label 'b' is both kept and dropped"),
        ({"model": Model("clip", "x"), "drop": ()}, "at least one label to keep and one to drop"),
    ],
)
def test_settings_out_of_range_are_refused(settings, words):
    with pytest.raises(UserError, match=words):
        CullConfig(**settings)


def test_an_unknown_model_is_refused_with_the_known_ones():
    with pytest.raises(UserError, match="unknown; choose one of clip, siglip"):
        Cull(CullConfig(model=Model("resnet", "x"))).load()


def test_the_papers_labels():
    assert len(cull.KEEP) == 2
    assert len(cull.DROP) == 7
