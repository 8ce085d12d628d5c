"""Grounding DINO, MM-Grounding-DINO, OWLv2 and OWL-ViT with random weights, and what is made of their scores."""

from itertools import chain
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from fixtures.models.tiny_grounding import bert_tokenizer, build_grounding_dino, build_owl  # noqa: E402
from fixtures.models.tiny_sam import build_sam  # noqa: E402
from spatialvlm.errors import ModelError, UserError  # noqa: E402
from spatialvlm.models import Model, Runtime  # noqa: E402
from spatialvlm.pipeline.detect import DetectConfig  # noqa: E402
from spatialvlm.pipeline.detect.models.box_detectors import BoxDetector, load_box_detector  # noqa: E402
from spatialvlm.pipeline.detect.models.box_detectors.grounding_dino import _read, prompt_scores, split  # noqa: E402
from spatialvlm.pipeline.detect.models.box_detectors.open_vocabulary import candidates_of  # noqa: E402
from spatialvlm.pipeline.detect.models.candidate import Candidate  # noqa: E402
from spatialvlm.pipeline.detect.models.padding import pad_to_aspect  # noqa: E402
from spatialvlm.records import Frame, Source  # noqa: E402

PROMPTS = ("tv stand", "tv", "Arm chair", "red mug", "lamp")
FAMILIES = ("grounding_dino", "mm_grounding_dino", "owlv2", "owlvit")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A checkpoint of each family. The texts of the first two take 9 tokens: five prompts need two texts."""
    made = {name: tmp_path_factory.mktemp(name) for name in (*FAMILIES, "sam")}
    build_grounding_dino(made["grounding_dino"], max_tokens=9)
    build_grounding_dino(made["mm_grounding_dino"], mm=True, max_tokens=9)
    build_owl(made["owlv2"])
    build_owl(made["owlvit"], version=1)
    build_sam(made["sam"])
    return made


def model_of(family: str, folders: dict[str, Path]) -> Model:
    return Model("owl" if family.startswith("owl") else "grounding_dino", str(folders[family]))


def find(
    family: str, folders: dict[str, Path], *, prompts: tuple[str, ...] = PROMPTS, least: float = 0.0, **runtime: object
) -> BoxDetector:
    model = model_of(family, folders)
    config = DetectConfig("grounded", detect=model, prompts=prompts, score_threshold=least)
    return load_box_detector(model, config, Runtime(device="cpu", **runtime))


def frame(height: int, width: int, seed: int | None = 0) -> Frame:
    image = np.zeros((height, width, 3), dtype=np.uint8)
    if seed is not None:
        image = np.random.default_rng(seed).integers(0, 256, image.shape, dtype=np.uint8)
    return Frame(f"{height}x{width}", image, None, None, None, None, Source("test"))


def frames() -> list[Frame]:
    """Of different sizes and shapes, some alike, black and tiny ones among them."""
    sizes = [(48, 64, 0), (64, 48, 1), (48, 64, 2), (32, 32, None), (90, 120, None), (1, 300, 3), (3, 50, 4), (1, 1, 5)]
    return [frame(*size) for size in sizes]


def same(one: list[list[Candidate]], other: list[list[Candidate]]) -> None:
    assert [len(some) for some in one] == [len(some) for some in other]
    for a, b in zip(chain.from_iterable(one), chain.from_iterable(other), strict=True):
        assert a.captions == b.captions
        np.testing.assert_allclose(a.score, b.score, atol=1e-5)
        np.testing.assert_allclose(a.box_xyxy, b.box_xyxy, atol=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_contract(family: str, folders: dict[str, Path]):
    detector = find(family, folders, batch_size=4)
    seen = frames()
    before = [one.image.copy() for one in seen]
    found = detector(seen)
    assert isinstance(detector, BoxDetector)
    assert detector.name == folders[family].name
    assert detector.version.startswith("sha256:")
    assert len(found) == len(seen)
    assert all(found[:5])
    for one, some, image in zip(seen, found, before, strict=True):
        np.testing.assert_array_equal(one.image, image)
        height, width = one.image.shape[:2]
        assert [c.score for c in some] == sorted((c.score for c in some), reverse=True)
        for candidate in some:
            left, top, right, bottom = candidate.box_xyxy
            assert 0 <= left < right <= width
            assert 0 <= top < bottom <= height
            assert 0 <= candidate.score <= 1
            assert len(candidate.captions) == 1
            assert candidate.captions[0] in PROMPTS
            assert candidate.mask is None
    assert detector([]) == []


@pytest.mark.parametrize("family", FAMILIES)
def test_neither_batches_nor_time_matter(family: str, folders: dict[str, Path]):
    detector = find(family, folders, batch_size=4)
    first = detector(frames())
    same(first, detector(frames()))
    same(first, find(family, folders, batch_size=1)(frames()))
    same(first, [detector([one])[0] for one in frames()])


@pytest.mark.parametrize("family", FAMILIES)
def test_memory_runs_out(family: str, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch):
    detector = find(family, folders)
    expected = detector(frames())
    name = "image_embedder" if family.startswith("owl") else "forward"
    whole = getattr(detector._model, name)

    def small(pixel_values, **others):
        if len(pixel_values) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB")
        return whole(pixel_values=pixel_values, **others)

    monkeypatch.setattr(detector._model, name, small)
    same(expected, detector(frames()))
    assert detector._batches.size == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_half_precision(family: str, folders: dict[str, Path]):
    full = find(family, folders)([frame(48, 64)])[0]
    half = find(family, folders, precision="half")([frame(48, 64)])[0]
    assert half[0].score == pytest.approx(full[0].score, abs=0.01)
    assert half[0].box_xyxy.dtype == np.float32


@pytest.mark.parametrize("family", FAMILIES)
def test_score_threshold(family: str, folders: dict[str, Path]):
    everything = find(family, folders)([frame(48, 64)])[0]
    least = float(np.median([c.score for c in everything]))
    some = find(family, folders, least=least)([frame(48, 64)])[0]
    same([some], [[c for c in everything if c.score >= least]])


@pytest.mark.parametrize("family", FAMILIES)
def test_refusals(family: str, folders: dict[str, Path], tmp_path: Path):
    with pytest.raises(UserError, match="no such file"):
        find(family, {family: tmp_path / "absent"})
    with pytest.raises(UserError, match="architecture"):
        find(family, {family: folders["sam"]})
    other = "grounding_dino" if family.startswith("owl") else "owlv2"
    with pytest.raises(UserError, match="expected one of"):
        find(family, {family: folders[other]})
    with pytest.raises(UserError, match="tokens"):
        find(family, folders, prompts=("red chairs " * 9,))


def test_nothing_but_numbers(folders: dict[str, Path]):
    detector = find("owlv2", folders)
    with torch.no_grad():
        detector._model.box_head.dense0.weight.fill_(torch.nan)
    with pytest.raises(ModelError, match="NaN"):
        detector([frame(48, 64)])


# What the models are told, and what is made of their answer


@pytest.mark.parametrize("family", ["grounding_dino", "mm_grounding_dino"])
def test_features_shared_between_texts_change_nothing(family: str, folders: dict[str, Path]):
    detector = find(family, folders)
    assert [text.prompts for text in detector._texts] == [PROMPTS[:2], PROMPTS[2:4], PROMPTS[4:]]
    one, alone = frame(48, 64), []
    pixels = detector._images(images=[one.image], return_tensors="pt")["pixel_values"]
    for text in detector._texts:
        with torch.inference_mode():
            out = detector._model(pixel_values=pixels, input_ids=torch.tensor([text.ids]))
        scores = prompt_scores(out.logits[0].sigmoid().numpy(), text.positions)
        alone += candidates_of(scores, out.pred_boxes[0].numpy(), text.prompts, (64, 48), (64, 48), score_threshold=0.0)
    same(detector([one]), [sorted(alone, key=lambda candidate: -candidate.score)])


@pytest.mark.parametrize("family", ["owlv2", "owlvit"])
def test_prompts_embedded_at_load_change_nothing(family: str, folders: dict[str, Path]):
    transformers = pytest.importorskip("transformers")
    detector = find(family, folders)
    one = frame(48, 64)
    pixels = detector._images(images=[one.image], return_tensors="pt")["pixel_values"]
    tokenizer = transformers.AutoTokenizer.from_pretrained(folders[family])
    texts = [f"a photo of a {prompt.lower()}" for prompt in PROMPTS]
    tokens = tokenizer(texts, padding="max_length", max_length=32, return_tensors="pt")
    with torch.inference_mode():
        out = detector._model(pixel_values=pixels, **tokens)
    side = (64, 64) if family == "owlv2" else (64, 48)
    alone = candidates_of(
        out.logits[0].sigmoid().numpy(), out.pred_boxes[0].numpy(), PROMPTS,
        side, (64, 48), score_threshold=0.0,
    )  # fmt: skip
    same(detector([one]), [alone])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("size", [(48, 64), (64, 48), (20, 160)])
def test_boxes_in_pixels(family: str, size: tuple[int, int], folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch):
    """A box told in shares of what the model saw comes out in pixels of the image."""
    height, width = size
    seen_height, seen_width = pad_to_aspect(np.zeros((height, width, 3), np.uint8)).shape[:2]
    if family.startswith("owl"):
        seen_height, seen_width = (max(size), max(size)) if family == "owlv2" else size
    wanted = np.array([4.0, 6.0, 14.0, 18.0], dtype=np.float32)
    x, y, w, h = (4 + 14) / 2 / seen_width, (6 + 18) / 2 / seen_height, 10 / seen_width, 12 / seen_height
    detector = find(family, folders)
    boxes = torch.tensor([[[x, y, w, h]]])
    if family.startswith("owl"):
        monkeypatch.setattr(detector._model, "box_predictor", lambda *_: boxes)
        logits = torch.tensor([[[-9.0, -9.0, 3.0, -9.0, -9.0]]])
        monkeypatch.setattr(detector._model, "class_predictor", lambda *_: (logits, None))
    else:

        def answer(input_ids, **_):
            logits = torch.full((1, 1, 9), -9.0)
            if input_ids[0, 1] == detector._texts[1].ids[1]:
                logits[..., 1:3] = 3.0
            return SimpleNamespace(logits=logits, pred_boxes=boxes)

        monkeypatch.setattr(detector._model, "forward", answer)
    best = detector([frame(height, width)])[0][0]
    np.testing.assert_allclose(best.box_xyxy, wanted, atol=1e-3)
    assert best.captions == ("Arm chair",)
    assert best.score == pytest.approx(1 / (1 + np.exp(-3)), abs=1e-5)


def test_texts_are_what_the_processor_would_say():
    tokenizer = bert_tokenizer()
    (text,) = _read(("TV stand", "tv", "armchair", "stand"), tokenizer, 256)
    assert list(text.ids) == tokenizer("tv stand. tv. armchair. stand.")["input_ids"]
    assert text.positions == (range(1, 3), range(4, 5), range(6, 8), range(9, 10))
    assert text.prompts == ("TV stand", "tv", "armchair", "stand")


def test_prompts_that_share_words_stay_apart():
    """A stand, a television and a television stand, by the scores of their tokens."""
    (text,) = _read(("tv stand", "tv", "stand"), bert_tokenizer(), 256)
    probabilities = np.zeros((4, 256), dtype=np.float32)
    #                       CLS  tv   stand .  tv   .  stand .  SEP
    probabilities[0, :9] = [0.9, 0.6, 0.7, 0.9, 0.3, 0, 0.4, 0, 0.9]
    probabilities[1, :9] = [0.9, 0.7, 0.1, 0.9, 0.8, 0, 0.1, 0, 0.9]
    probabilities[2, :9] = [0.9, 0.1, 0.7, 0.9, 0.0, 0, 0.6, 0, 0.9]
    scores = prompt_scores(probabilities, text.positions)
    np.testing.assert_allclose(scores, [[0.65, 0.3, 0.4], [0.4, 0.8, 0.1], [0.4, 0.0, 0.6], [0, 0, 0]], atol=1e-6)
    boxes = np.tile(np.array([0.5, 0.5, 0.2, 0.2], dtype=np.float32), (4, 1))
    found = candidates_of(scores, boxes, text.prompts, (10, 10), (10, 10), score_threshold=0.3)
    assert [candidate.captions for candidate in found] == [("tv",), ("tv stand",), ("stand",)]


@pytest.mark.parametrize("most", [5, 8, 13, 256])
def test_no_prompt_is_lost(most: int):
    prompts = ("tv stand", "tv", "chair", "tv", "lamp", "red mug", "a dog")
    numbers: dict[str, int] = {}

    def tokens_of(text: str) -> list[int]:
        return [numbers.setdefault(word, 200 + len(numbers)) for word in text.split()]

    texts = split(prompts, tokens_of, (101, 1012, 102), most)
    assert [prompt for text in texts for prompt in text.prompts] == list(dict.fromkeys(prompts))
    words = {number: word for word, number in numbers.items()}
    for text in texts:
        assert len(text.ids) <= most
        assert (text.ids[0], text.ids[-2:]) == (101, (1012, 102))
        for prompt, own in zip(text.prompts, text.positions, strict=True):
            assert " ".join(words[text.ids[i]] for i in own) == prompt
            assert text.ids[own.stop] == 1012
    assert (len(texts) == 1) == (most == 256)


@pytest.mark.parametrize("prompt", ["", " . ", "?"])
def test_prompt_without_words(prompt: str):
    with pytest.raises(UserError, match="no words"):
        _read(("chair", prompt), bert_tokenizer(), 256)


def test_marks_inside_a_prompt():
    (text,) = _read(("tv. stand?",), bert_tokenizer(), 256)
    assert text.positions == (range(1, 3),)
    assert text.ids[3:] == (1012, 102)


def test_boxes_are_clipped_and_empty_ones_left_out():
    boxes = np.array([[0.0, 0.0, 0.4, 0.4], [1.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.0, 0.2]], dtype=np.float32)
    scores = np.array([[0.5, 0.9]] * 3, dtype=np.float32)
    (only,) = candidates_of(scores, boxes, ("a", "b"), (10, 10), (10, 8), score_threshold=0.1)
    np.testing.assert_allclose(only.box_xyxy, [0, 0, 2, 2], atol=1e-6)
    assert only.captions == ("b",)
