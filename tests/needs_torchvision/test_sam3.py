"""SAM 3 with random weights: what several prompts find in images of any size, alone as together."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from fixtures.models.tiny_grounding import clip_tokenizer  # noqa: E402
from spatialvlm.errors import ModelError, UserError  # noqa: E402
from spatialvlm.models import Model, Runtime  # noqa: E402
from spatialvlm.pipeline.detect import DetectConfig  # noqa: E402
from spatialvlm.pipeline.detect.models.box_detectors import BoxDetector, load_box_detector  # noqa: E402
from spatialvlm.pipeline.detect.models.box_detectors.sam3 import enlarged  # noqa: E402
from spatialvlm.pipeline.detect.models.candidate import Candidate  # noqa: E402
from spatialvlm.records import Frame, Source  # noqa: E402

SIDE = 64
PROMPTS = ("Chair", "red mug", "tv", "dog", "lamp")
SIZES = ((48, 64), (64, 48), (32, 32), (20, 200), (1, 1), (120, 3))


def build_sam3(folder: Path) -> Path:
    """SAM 3 that sees images at 64 x 64 pixels, draws masks at 32 x 32 and has 12 queries."""
    tokenizer = clip_tokenizer()
    small = {"hidden_size": 32, "num_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    vit = transformers.Sam3ViTConfig(
        hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=SIDE, patch_size=8,
        window_size=4, global_attn_indexes=[1], pretrain_image_size=SIDE,
    )  # fmt: skip
    vision = transformers.Sam3VisionConfig(
        backbone_config=vit, fpn_hidden_size=32, backbone_feature_sizes=[[32, 32], [16, 16], [8, 8]]
    )
    text = {
        "model_type": "clip_text_model", "vocab_size": len(tokenizer), "hidden_size": 32, "intermediate_size": 32,
        "projection_dim": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 16,
        "bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id,
    }  # fmt: skip
    config = transformers.Sam3Config(
        vision_config=vision, text_config=text, geometry_encoder_config=small, detr_encoder_config=small,
        detr_decoder_config={**small, "num_queries": 12},
        mask_decoder_config={"hidden_size": 32, "num_attention_heads": 2},
    )  # fmt: skip
    torch.manual_seed(0)
    transformers.Sam3Model(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    size = {"height": SIDE, "width": SIDE}
    settings = {
        "image_processor_type": "Sam3ImageProcessorFast",
        "size": size,
        "mask_size": {"height": 32, "width": 32},
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_sam3(tmp_path_factory.mktemp("sam3") / "sam3")


def find(folder: Path, *, threshold: float = 0.0, prompts: tuple[str, ...] = PROMPTS, **runtime: Any) -> Any:
    model = Model("sam3", str(folder))
    config = DetectConfig("concepts", detect=model, prompts=prompts, score_threshold=threshold, iou_threshold=0.95)
    return load_box_detector(model, config, Runtime("cpu", **runtime))


def frame(height: int, width: int, seed: int | None = 0) -> Frame:
    image = np.zeros((height, width, 3), dtype=np.uint8)
    if seed is not None:
        image = np.random.default_rng(seed).integers(0, 256, image.shape, dtype=np.uint8)
    return Frame(f"{height}x{width}", image, None, None, None, None, Source("test"))


def frames() -> list[Frame]:
    return [*(frame(*size, seed=i) for i, size in enumerate(SIZES)), frame(32, 32, None)]


def same(one: list[list[Candidate]], other: list[list[Candidate]]) -> None:
    """The same candidates, but for masks' pixels so near to 0.5 that rounding decides."""
    for some, others in zip(one, other, strict=True):
        assert [a.captions for a in some] == [b.captions for b in others]
        for a, b in zip(some, others, strict=True):
            np.testing.assert_allclose(a.box_xyxy, b.box_xyxy, atol=1e-3)
            assert a.score == pytest.approx(b.score, abs=1e-5)
            assert (a.mask != b.mask).mean() < 0.01


def test_contract(folder: Path):
    detector, some = find(folder), frames()
    before = [one.image.copy() for one in some]
    found = detector(some)
    assert isinstance(detector, BoxDetector)
    assert detector.name == "sam3"
    assert detector.version.startswith("sha256:")
    assert len(found) == len(some)
    for one, own, image in zip(some, found, before, strict=True):
        np.testing.assert_array_equal(one.image, image)
        height, width = image.shape[:2]
        assert own
        for candidate in own:
            x0, y0, x1, y1 = candidate.box_xyxy
            assert candidate.box_xyxy.dtype == np.float32
            assert 0 <= x0 < x1 <= width
            assert 0 <= y0 < y1 <= height
            assert 0 <= candidate.score <= 1
            assert candidate.mask.shape == (height, width)
            assert candidate.mask.dtype == bool
            assert candidate.captions[0] in PROMPTS
        scores = [candidate.score for candidate in own]
        assert scores == sorted(scores, reverse=True)
    same(found, detector(some))
    assert detector([]) == []


def test_batches_do_not_matter(folder: Path):
    together = find(folder, batch_size=4)(frames())
    same(together, find(folder, batch_size=1)(frames()))
    detector = find(folder)
    same(together, [detector([one])[0] for one in frames()])


def test_prompts_do_not_disturb_each_other(folder: Path):
    alone = [one for prompt in PROMPTS for one in find(folder, prompts=(prompt,))([frame(48, 64)])[0]]
    scores = {(one.captions, round(one.score, 4)) for one in alone}
    together = find(folder)([frame(48, 64)])[0]
    assert {(one.captions, round(one.score, 4)) for one in together} <= scores


@pytest.mark.parametrize("size", [(48, 64), (20, 200)])
def test_as_the_processor_has_it(folder: Path, size: tuple[int, int]):
    """What transformers makes of one prompt, asked in its own way, but for boxes found twice."""
    images = transformers.AutoImageProcessor.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.Sam3Model.from_pretrained(folder).eval()
    one = frame(*size)
    pixels = images(images=[one.image], return_tensors="pt")["pixel_values"]
    tokens = tokenizer(["red mug"], padding="max_length", max_length=16, return_tensors="pt")
    with torch.inference_mode():
        out = model(pixel_values=pixels, input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"])
    (result,) = images.post_process_instance_segmentation(out, threshold=0.0, target_sizes=[size])
    found = find(folder, prompts=("red mug",))([one])[0]
    limits = np.array([size[1], size[0]] * 2)
    assert found
    for candidate in found:
        distance = np.abs(result["scores"].numpy() - candidate.score)
        i = int(distance.argmin())
        assert distance[i] < 1e-5
        np.testing.assert_allclose(candidate.box_xyxy, np.clip(result["boxes"][i].numpy(), 0, limits), atol=1e-2)
        assert (candidate.mask != result["masks"][i].numpy().astype(bool)).mean() < 0.01


def test_each_image_is_encoded_once_and_each_prompt_at_load(folder: Path, monkeypatch: pytest.MonkeyPatch):
    detector = find(folder, batch_size=2)
    whole, encoded = detector._model.get_vision_features, []

    def counted(pixel_values: Any) -> Any:
        encoded.append(len(pixel_values))
        return whole(pixel_values=pixel_values)

    monkeypatch.setattr(detector._model, "get_vision_features", counted)
    monkeypatch.setattr(detector._model, "text_encoder", None)
    detector(frames())
    assert encoded == [1] * len(frames())


def test_memory_runs_out(folder: Path, monkeypatch: pytest.MonkeyPatch):
    detector = find(folder)
    expected = detector(frames())
    whole = detector._model.forward

    def small(**seen: Any) -> Any:
        if len(seen["attention_mask"]) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB")
        return whole(**seen)

    monkeypatch.setattr(detector._model, "forward", small)
    same(expected, detector(frames()))
    assert detector._batches.size == 1


def test_half_precision(folder: Path):
    assert all(find(folder, precision="half")(frames()))


def test_score_threshold(folder: Path):
    scores = sorted(one.score for one in find(folder)([frame(48, 64)])[0])
    middle = scores[len(scores) // 2]
    kept = find(folder, threshold=middle - 1e-6)([frame(48, 64)])[0]
    assert 0 < len(kept) <= len(scores)
    assert all(one.score >= middle - 1e-5 for one in kept)
    assert find(folder, threshold=1.0)(frames()) == [[] for _ in frames()]


@pytest.mark.parametrize("size", [(96, 128), (240, 40)])
def test_where_things_lie(folder: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch):
    """A model that sees a thing in the lower left quarter finds box and mask there, in pixels."""
    height, width = size
    masks = torch.full((1, 1, 32, 32), -9.0)
    masks[..., 16:, :16] = 9.0
    answer = SimpleNamespace(
        pred_logits=torch.tensor([[2.0]]),
        presence_logits=torch.tensor([[1.0]]),
        pred_boxes=torch.tensor([[[-0.1, 0.5, 0.5, 1.2]]]),
        pred_masks=masks,
    )
    detector = find(folder, prompts=("Chair",))
    monkeypatch.setattr(detector._model, "forward", lambda **_: answer)
    ((found,),) = detector([frame(height, width)])
    np.testing.assert_allclose(found.box_xyxy, [0, height / 2, width / 2, height])
    assert found.score == pytest.approx(1 / (1 + np.exp(-2)) / (1 + np.exp(-1)), abs=1e-5)
    assert found.captions == ("Chair",)
    expected = np.zeros(size, bool)
    expected[height // 2 :, : width // 2] = True
    assert np.count_nonzero(found.mask != expected) <= 1  # the corner's grid cells balance


def test_the_weights_of_the_hub(folder: Path, tmp_path: Path):
    """They hold a tracker as well; the detector is found among them."""
    from safetensors.torch import load_file, save_file

    video = shutil.copytree(folder, tmp_path / "video")
    config = json.loads((folder / "config.json").read_text())
    (video / "config.json").write_text(json.dumps({"model_type": "sam3_video", "detector_config": config}))
    weights = {f"detector_model.{name}": one for name, one in load_file(folder / "model.safetensors").items()}
    weights["tracker_neck.weight"] = torch.zeros(3)
    save_file(weights, video / "model.safetensors", metadata={"format": "pt"})
    same(find(video)(frames()), find(folder)(frames()))


def test_wrong_weights(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(UserError, match="no such file"):
        find(Path("/nowhere/at/all"))
    other = shutil.copytree(folder, tmp_path / "other")
    (other / "config.json").write_text(json.dumps({"model_type": "clip"}))
    with pytest.raises(UserError, match="'clip', expected one of sam3"):
        find(other)
    with pytest.raises(UserError, match="tokens"):
        find(folder, prompts=("a chair of extraordinary width",))

    def missing(*_: object, **__: object) -> None:
        raise ImportError("Sam3ImageProcessor requires the Torchvision library but it was not found")

    monkeypatch.setattr(transformers.AutoImageProcessor, "from_pretrained", missing)
    with pytest.raises(UserError, match="pip install torchvision"):
        find(folder)


def test_nothing_but_numbers(folder: Path):
    detector = find(folder)
    with torch.no_grad():
        detector._model.detr_decoder.box_head.layer1.weight.fill_(torch.nan)
    with pytest.raises(ModelError, match="NaN"):
        detector([frame(48, 64)])


def test_masks_are_interpolated():
    coarse = np.array([[1.0, 0.0]], dtype=np.float32)
    np.testing.assert_array_equal(enlarged(coarse, 3, 8), [[True] * 4 + [False] * 4] * 3)
    assert enlarged(coarse, 1, 1).shape == (1, 1)
