"""What sort of picture it is: images -> the probability of each label, by CLIP or SigLIP without training.

clip: CLIP (Radford et al. 2021, https://arxiv.org/abs/2103.00020), as openai/clip-vit-large-patch14.
siglip: SigLIP (Zhai et al. 2023, https://arxiv.org/abs/2303.15343) and SigLIP 2 (Tschannen et al. 2025,
https://arxiv.org/abs/2502.14786), as google/siglip2-base-patch16-224; with a fixed size or NaFlex.

Both models give every label a logit, its cosine with the image times a learned scale. What is returned is the softmax
of the logits over all labels: the labels share one probability. SigLIP was trained to judge each label alone, by a
sigmoid of logit + bias; the bias is that of all labels, so the softmax does not see it and the best label is the same.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32, UInt8

from spatialvlm.errors import ModelError, UserError
from spatialvlm.models import (
    Batches,
    Located,
    Model,
    Runtime,
    import_torch,
    import_transformers,
    load_model,
    load_processor,
    locate,
    torch_device,
    torch_dtype,
)

if TYPE_CHECKING:
    import torch  # pyright: ignore[reportMissingImports]

ARCHITECTURES = {"clip": ("clip",), "siglip": ("siglip", "siglip2")}
"""What `model_type` the configurations of a backend's weights may have."""


class Clip:
    """A zero-shot classifier of images. `name` is that of the weights, `version` what was loaded.

    Raises UserError where the weights cannot be had, are of another architecture, or a label is too long for them.
    """

    files = "transformers"

    def __init__(self, model: Model, labels: Sequence[str], runtime: Runtime) -> None:
        transformers = import_transformers()
        located = locate(model)
        found = load_processor(transformers.AutoConfig, located).model_type
        if found not in ARCHITECTURES[model.backend]:
            raise UserError(
                f"weights {located.name!r}: are of the architecture {found!r}, but {model.backend} runs "
                f"{' or '.join(ARCHITECTURES[model.backend])}; give other weights or another backend"
            )
        self.name = located.name
        self.version = located.version
        self._device = torch_device(runtime)
        self._dtype = torch_dtype(runtime)
        self._model = load_model(transformers.AutoModel, located, runtime)
        processor = load_processor(transformers.AutoProcessor, located)
        self._image_processor = processor.image_processor
        self._text = self._embed(labels, processor.tokenizer, located)
        self._scale = float(self._model.logit_scale.detach().float().exp())
        self._batches = Batches(runtime.batch_size)

    def __call__(self, images: Sequence[UInt8[np.ndarray, "_ _ 3"]]) -> list[Float32[np.ndarray, " labels"]]:
        """Find the probability of each label for each image, of any size. Raises ModelError where it is not finite."""
        return self._batches(self._classify, images)

    def _embed(self, labels: Sequence[str], tokenizer: Any, located: Located) -> "torch.Tensor":
        """Embed labels as unit vectors (labels, width): texts in lower case, filled up on the right, as in training."""
        longest = self._model.config.text_config.max_position_embeddings
        texts = [label.lower() for label in labels]
        for label, tokens in zip(labels, tokenizer(texts)["input_ids"], strict=True):
            if len(tokens) > longest:
                raise UserError(
                    f"cull: the label {label!r} has {len(tokens)} tokens, but {located.name} reads {longest}; "
                    "shorten it"
                )
        tokenizer.padding_side = "right"
        ids = tokenizer(texts, padding="max_length", max_length=longest, return_tensors="pt")["input_ids"]
        with import_torch().inference_mode():
            # Neither model saw a mask in training: CLIP cannot see what follows its end token, SigLIP sees the filling.
            return _unit(self._model.get_text_features(input_ids=ids.to(self._device)))

    def _classify(self, images: Sequence[UInt8[np.ndarray, "_ _ 3"]]) -> list[Float32[np.ndarray, " labels"]]:
        inputs = self._image_processor(images=list(images), input_data_format="channels_last", return_tensors="pt")
        with import_torch().inference_mode():
            seen = _unit(self._model.get_image_features(**inputs.to(self._device, dtype=self._dtype)))
            probabilities = (self._scale * seen @ self._text.T).softmax(dim=-1).cpu().numpy()
        if not np.isfinite(probabilities).all():
            raise ModelError(f"{self.name}: returned probabilities that are not finite; run it with precision full")
        return list(probabilities)


def _unit(output: Any) -> "torch.Tensor":
    """Turn the embeddings (n, width) of a transformers output into unit vectors in single precision."""
    embeddings = output.pooler_output.float()
    return embeddings / embeddings.norm(dim=-1, keepdim=True)
