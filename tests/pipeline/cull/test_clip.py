"""One contract for the zero-shot classifiers, on tiny networks of the real architectures; then what labels mean."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from spatialvlm.errors import ModelError, UserError
from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline.cull import DROP, KEEP, Classifier, Cull, CullConfig
from spatialvlm.records import Drop, Frame, Source

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from fixtures.models import tiny_clip  # noqa: E402
from spatialvlm.pipeline.cull.clip import Clip  # noqa: E402

LABELS = (*KEEP, *DROP)
CHECKPOINTS: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "clip": ("clip", tiny_clip.clip),
    "siglip": ("siglip", tiny_clip.siglip),
    "siglip2 naflex": ("siglip", tiny_clip.siglip2_naflex),
}


@pytest.fixture(scope="module", params=CHECKPOINTS)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    backend, build = CHECKPOINTS[request.param]
    return Model(backend, str(build(tmp_path_factory.mktemp("weights"))))


def load(model: Model, labels: Sequence[str] = LABELS, **settings: object) -> Clip:
    return Clip(model, labels, Runtime(**{"device": "cpu", **settings}))  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    """Of all sizes; one is 3 px high, which could be taken for channels; one is black."""
    generator = np.random.default_rng(0)
    shapes = [(32, 32), (3, 50), (100, 37), (480, 640)]
    noise = [generator.integers(0, 255, (*shape, 3), dtype=np.uint8) for shape in shapes]
    return [*noise, np.zeros((48, 64, 3), np.uint8)]


def test_probabilities_of_all_labels(model, images):
    classifier = load(model)
    assert isinstance(classifier, Classifier)
    assert classifier.version.startswith("sha256:")
    before = [image.copy() for image in images]
    rows = classifier(images)
    assert all(np.array_equal(a, b) for a, b in zip(images, before, strict=True))
    assert len(rows) == len(images)
    for row in rows:
        assert row.shape == (len(LABELS),)
        assert row.dtype == np.float32
        assert row.sum() == pytest.approx(1, abs=1e-5)
        assert (row >= 0).all()
    assert len({tuple(row) for row in rows}) == len(rows)
    assert classifier([]) == []


def test_they_are_those_of_the_model_as_its_authors_run_it(model, images):
    network = transformers.AutoModel.from_pretrained(model.weights).eval()
    processor = transformers.AutoProcessor.from_pretrained(model.weights)
    processor.tokenizer.padding_side = "right"
    text = processor.tokenizer(list(LABELS), padding="max_length", max_length=64, return_tensors="pt")
    seen = processor.image_processor(images=[images[3]], return_tensors="pt")
    with torch.inference_mode():
        logits = network(input_ids=text["input_ids"], **seen).logits_per_image
    [row] = load(model)([images[3]])
    np.testing.assert_allclose(row, logits.softmax(dim=-1)[0].numpy(), atol=1e-5)


def test_batches_do_not_matter_and_runs_repeat(model, images):
    alone = load(model, batch_size=1)(images)
    np.testing.assert_allclose(alone, load(model, batch_size=4)(images), atol=1e-5)
    np.testing.assert_array_equal(alone, load(model, batch_size=1)(images))


def test_half_precision_says_the_same(model, images):
    np.testing.assert_allclose(load(model, precision="half")(images), load(model)(images), atol=0.05)


def test_a_batch_that_does_not_fit_is_halved(model, images, monkeypatch):
    classifier = load(model, batch_size=4)
    expected = classifier(images)
    features = classifier._model.get_image_features
    sizes: list[int] = []

    def greedy(**inputs: torch.Tensor) -> object:
        sizes.append(len(inputs["pixel_values"]))
        if sizes[-1] > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return features(**inputs)

    monkeypatch.setattr(classifier._model, "get_image_features", greedy)
    np.testing.assert_allclose(classifier(images), expected, atol=1e-5)
    assert sizes == [4, 2, 1, 1, 1, 1, 1]


def test_labels_are_read_whatever_their_case_and_order(model, images):
    rows = np.array(load(model)(images))
    np.testing.assert_allclose(load(model, [label.upper() for label in LABELS])(images), rows, atol=1e-5)
    np.testing.assert_allclose(np.array(load(model, LABELS[::-1])(images))[:, ::-1], rows, atol=1e-5)


def test_a_label_that_is_too_long_is_refused(model):
    with pytest.raises(UserError, match=r"'aaaa.* has \d+ tokens, but .* reads 64; shorten it"):
        load(model, ["a kitchen", "a" * 100])


def test_numbers_that_are_none_are_an_error(model, images, monkeypatch):
    classifier = load(model)
    monkeypatch.setattr(classifier, "_scale", float("nan"))
    with pytest.raises(ModelError, match="not finite"):
        classifier(images[:1])


def test_weights_that_are_not_there(tmp_path):
    with pytest.raises(UserError, match="no such file or folder"):
        load(Model("clip", str(tmp_path / "nothing")))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="'empty'"):
        load(Model("clip", str(tmp_path / "empty")))


def test_weights_of_another_architecture(tmp_path):
    with pytest.raises(UserError, match="'bert', but clip runs clip"):
        load(Model("clip", str(tiny_clip.bert(tmp_path / "bert"))))
    with pytest.raises(UserError, match="'siglip', but clip runs clip; give other weights or another backend"):
        load(Model("clip", str(tiny_clip.siglip(tmp_path / "siglip"))))
    with pytest.raises(UserError, match="'clip', but siglip runs siglip or siglip2"):
        load(Model("siglip", str(tiny_clip.clip(tmp_path / "clip"))))


def test_weights_without_their_processor(tmp_path):
    folder = tiny_clip.clip(tmp_path / "clip")
    (folder / "processor_config.json").unlink()
    with pytest.raises(UserError, match="'clip'"):
        load(Model("clip", str(folder)))


def frame(name: str, grey: int) -> Frame:
    return Frame(name, np.full((40, 40, 3), grey, np.uint8), None, None, None, None, Source("test"))


def test_images_that_embed_like_a_label_get_it(model, monkeypatch):
    """Embeddings made by hand: the image of grey 10 k is the text of label k."""
    keep, drop = ("a workshop", "a garden"), ("a map", "a cartoon")
    cull = Cull(CullConfig(model, keep, drop), Runtime("cpu", batch_size=3)).load()
    classifier = cull._classifier  # pyright: ignore[reportAttributeAccessIssue]
    images: list[int] = []
    prepare = classifier._image_processor

    def remember(images_: object = None, **settings: object) -> object:
        seen = settings.pop("images", images_)
        images[:] = [int(image[0, 0, 0]) // 10 for image in seen]  # pyright: ignore[reportGeneralTypeIssues]
        return prepare(images=seen, **settings)

    monkeypatch.setattr(classifier, "_image_processor", remember)
    monkeypatch.setattr(
        classifier._model,
        "get_image_features",
        lambda **inputs: SimpleNamespace(pooler_output=3 * classifier._text[images]),
    )
    frames = [frame(f"{grey}", grey) for grey in (0, 30, 10, 20, 0)]
    results = cull(frames)
    labels = [r.reason.split("'")[1] if isinstance(r, Drop) else r.verdict and r.verdict.label for r in results]
    assert labels == ["a workshop", "a cartoon", "a garden", "a map", "a workshop"]
    assert [isinstance(r, Drop) for r in results] == [False, True, False, True, False]
    cosines = classifier._text[0] @ classifier._text.T
    first = results[0]
    assert isinstance(first, Frame)
    assert first.verdict is not None
    assert first.verdict.score == pytest.approx(float((classifier._scale * cosines).softmax(0)[0]), abs=1e-5)
    assert first.versions["cull"] == f"{classifier.name}@{classifier.version}"
