"""The floor segmenter on tiny checkpoints of real architectures, through transformers' own processors."""

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch

from fixtures.models import tiny_segmenter
from spatialvlm.errors import UserError
from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline.estimate.floor import load_floor
from spatialvlm.pipeline.estimate.floor.segmenter import LONGEST_SIDE, surface_classes
from spatialvlm.records import Frame, Source

WRITERS = {
    "segformer": tiny_segmenter.write_segformer,
    "mask2former": tiny_segmenter.write_mask2former,
    "eomt": tiny_segmenter.write_eomt,
}


def frame_of(image, name="a"):
    return Frame(name, image, None, None, None, None, Source("test"))


def photo(height, width, seed):
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (max(1, height // 8), max(1, width // 8), 3), np.uint8)
    return np.repeat(np.repeat(coarse, 8, 0), 8, 1)[:height, :width].copy()


@pytest.fixture(scope="module", params=sorted(WRITERS))
def checkpoint(request, tmp_path_factory):
    return WRITERS[request.param](tmp_path_factory.mktemp(request.param))


def load(checkpoint, batch_size=8):
    return load_floor(Model("segmenter", str(checkpoint)), Runtime(device="cpu", batch_size=batch_size))


def test_masks_have_the_images_size_and_inputs_stay_as_they_were(checkpoint):
    images = [photo(96, 160, 1), photo(160, 96, 2), np.zeros((64, 64, 3), np.uint8), photo(32, 32, 3)]
    before = [image.copy() for image in images]
    masks = load(checkpoint)([frame_of(image, str(i)) for i, image in enumerate(images)])
    for image, old, mask in zip(images, before, masks, strict=True):
        assert mask.shape == image.shape[:2]
        assert mask.dtype == bool
        assert (image == old).all()


def test_one_by_one_equals_together_and_again(checkpoint):
    frames = [
        frame_of(photo(h, w, seed), str(seed))
        for seed, (h, w) in enumerate([(96, 160), (96, 160), (64, 64), (96, 160)])
    ]
    together = load(checkpoint)(frames)
    for alone in (load(checkpoint, batch_size=1)(frames), load(checkpoint)(frames)):
        # An argmax over near ties may flip a few pixels with the order of additions.
        assert all((a != b).mean() < 0.002 for a, b in zip(together, alone, strict=True))


def test_out_of_memory_halves_the_batch(checkpoint, monkeypatch):
    frames = [frame_of(photo(96, 96, seed), str(seed)) for seed in range(4)]
    model = load(checkpoint)
    expected = load(checkpoint, batch_size=1)(frames)
    forward, sizes = type(model._network).forward, []

    def scarce(network, pixel_values, **others):
        sizes.append(len(pixel_values))
        if len(pixel_values) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(network, pixel_values, **others)

    monkeypatch.setattr(type(model._network), "forward", scarce)
    assert all((a == b).all() for a, b in zip(model(frames), expected, strict=True))
    assert sizes == [4, 2, 1, 1, 1, 1]


@pytest.mark.parametrize("checkpoint", ["segformer"], indirect=True)
def test_the_mask_is_where_the_logits_of_a_surface_lead(checkpoint, monkeypatch):
    model = load(checkpoint)
    logits = torch.zeros(1, len(tiny_segmenter.ADE), 16, 16)
    logits[0, 0] = 1  # wall
    logits[0, 1, 8:] = 2  # floor in the lower half
    logits[0, 3, :, 12:] = 3  # a floor lamp in the right quarter
    output = type("Output", (), {"logits": logits})
    monkeypatch.setattr(type(model._network), "forward", lambda *_, **__: output)
    (mask,) = model([frame_of(photo(128, 256, 0))])
    assert mask[72:, :176].all()
    assert not mask[:56].any()
    assert not mask[:, 208:].any()


@pytest.mark.parametrize("checkpoint", ["segformer"], indirect=True)
def test_large_photos_are_shrunk_and_their_masks_are_not(checkpoint, monkeypatch):
    model, seen = load(checkpoint), []
    processor = model._processor
    monkeypatch.setattr(
        model,
        "_processor",
        lambda images, **others: (seen.extend(i.shape for i in images), processor(images, **others))[1],
    )
    (mask,) = model([frame_of(np.zeros((1000, 2000, 3), np.uint8))])
    assert mask.shape == (1000, 2000)
    assert seen == [(round(LONGEST_SIDE / 2), LONGEST_SIDE, 3)]


@pytest.mark.parametrize(
    "name",
    ["floor, flooring", "rug, carpet, carpeting", "table", "coffee table, cocktail table", "Road", "earth, ground"]
    + ["floor-wood", "floor-other-merged", "table-merged", "pavement-merged", "dining table", "sidewalk, pavement"],
)
def test_surfaces_by_name(name):
    assert surface_classes({0: "wall", 1: name}) == {1: name}


@pytest.mark.parametrize(
    "name",
    ["floor lamp", "vegetable", "turntable", "tablecloth", "background", "Ground Animal", "railroad", "table lamp", ""]
    + ["stage, floor", "wall-tile", "road barrier", "sandwich"],
)
def test_no_surfaces_by_name(name):
    assert surface_classes({0: name}) == {}


def test_classes_without_a_surface_are_listed(tmp_path):
    folder = tiny_segmenter.write_segformer(tmp_path, tiny_segmenter.NO_SURFACE)
    with pytest.raises(UserError, match="'vegetable', 'turntable'"):
        load(folder)


def test_missing_weights_and_other_architectures_are_told(tmp_path):
    with pytest.raises(UserError, match="no such file or folder"):
        load(tmp_path / "nowhere")
    from transformers import ViTConfig, ViTForImageClassification

    config = ViTConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, image_size=32)
    ViTForImageClassification(config).save_pretrained(tmp_path)
    with pytest.raises(UserError, match="a ViTForImageClassification; expected"):
        load(tmp_path)


def test_an_eomt_that_pads_is_refused(tmp_path):
    with pytest.raises(UserError, match="pads"):
        load(tiny_segmenter.write_eomt(tmp_path, pads=True))


def test_a_mask2former_of_transformers_4_lacks_a_norm_that_nothing_reads(tmp_path):
    from safetensors.torch import load_file, save_file

    tiny_segmenter.write_mask2former(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    kept = {key: value for key, value in weights.items() if ".swin.layernorm." not in key}
    assert len(kept) == len(weights) - 2
    save_file(kept, tmp_path / "model.safetensors", metadata={"format": "pt"})
    model = load_floor(Model("segmenter", str(tmp_path)), Runtime(device="cpu"))
    (mask,) = model([frame_of(photo(48, 64, 3))])
    assert mask.shape == (48, 64)
    kept.pop(next(key for key in kept if "class_predictor" in key))
    save_file(kept, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"1 parameters of .* are missing, such as .class_predictor"):
        load_floor(Model("segmenter", str(tmp_path)), Runtime(device="cpu"))
