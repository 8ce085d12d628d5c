"""Speed of the detection models at their real size: random weights, run by the code that runs real ones.

    python benchmarks/real_size_detect.py grounding_dino sam_vit_base sam2_hiera_tiny [--images 2] [--device cpu]

Nothing is found with random weights, but arithmetic costs the same. Sizes are those of the configs on the hub:
IDEA-Research/grounding-dino-tiny, facebook/sam-vit-base, facebook/sam2.1-hiera-tiny (which needs torchvision).
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
import transformers

from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline.detect import DetectConfig
from spatialvlm.pipeline.detect.config import PROMPTS
from spatialvlm.pipeline.detect.models.box_detectors import load_box_detector
from spatialvlm.pipeline.detect.models.candidate import Candidate
from spatialvlm.pipeline.detect.models.mask_models import load_mask_model
from spatialvlm.records import Frame, Source

BOXES = 20
"""Of each image, as many as DetectConfig keeps."""


def bert_tokenizer(prompts: Sequence[str] = PROMPTS) -> transformers.BertTokenizer:
    """Make a vocabulary of BERT's size and special ids, in which every word of the prompts is one token."""
    words = sorted({word for prompt in prompts for word in prompt.lower().split()})
    vocabulary = {"[PAD]": 0, "[UNK]": 100, "[CLS]": 101, "[SEP]": 102, "[MASK]": 103, ".": 1012, "?": 1029}
    vocabulary |= {word: 2000 + i for i, word in enumerate(words)}
    vocabulary |= {f"[unused{i}]": i for i in set(range(30522)) - set(vocabulary.values())}
    return transformers.BertTokenizer(vocab=dict(sorted(vocabulary.items(), key=lambda item: item[1])))


def grounding_dino(folder: Path) -> Path:
    """Write grounding-dino-tiny: Swin-T, BERT base, 900 queries; 172 million parameters."""
    backbone = transformers.SwinConfig(
        embed_dim=96, depths=[2, 2, 6, 2], num_heads=[3, 6, 12, 24], window_size=7,
        out_indices=[2, 3, 4], out_features=None,  # pyright: ignore[reportCallIssue]
    )  # fmt: skip
    config = transformers.GroundingDinoConfig(backbone_config=backbone, text_config=transformers.BertConfig())
    transformers.GroundingDinoForObjectDetection(config).save_pretrained(folder)
    bert_tokenizer().save_pretrained(folder)
    size = {"shortest_edge": 800, "longest_edge": 1333}
    return _processor(folder, {"image_processor_type": "GroundingDinoImageProcessor", "size": size})


def sam_vit_base(folder: Path) -> Path:
    """Write sam-vit-base: ViT-B at 1024 pixels; 94 million parameters."""
    transformers.SamModel(transformers.SamConfig()).save_pretrained(folder)
    return _processor(folder, {"image_processor_type": "SamImageProcessor"})


def sam2_hiera_tiny(folder: Path) -> Path:
    """Write sam2.1-hiera-tiny without its memory: Hiera-T at 1024 pixels; 31 million parameters."""
    transformers.Sam2Model(transformers.Sam2Config()).save_pretrained(folder)
    return _processor(folder, {"image_processor_type": "Sam2ImageProcessor"})


def _processor(folder: Path, settings: dict[str, object]) -> Path:
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    return folder


MODELS: dict[str, Callable[[Path], Path]] = {
    "grounding_dino": grounding_dino,
    "sam_vit_base": sam_vit_base,
    "sam2_hiera_tiny": sam2_hiera_tiny,
}


def seconds_per_image(name: str, folder: Path, images: int, runtime: Runtime) -> float:
    """Time frames of 640 x 480 pixels: the default prompts, or 20 boxes in each; after one frame to warm up."""
    frames = [_frame(i) for i in range(images + 1)]
    if name == "grounding_dino":
        model = Model(name, str(folder))
        run = load_box_detector(model, DetectConfig("grounded", detect=model), runtime)
    else:
        mask_model = load_mask_model(Model("sam", str(folder)), runtime)

        def run(frames: Sequence[Frame]) -> object:
            return mask_model(frames, [_boxes(i) for i in range(len(frames))])

    run(frames[:1])
    start = time.perf_counter()
    run(frames[1:])
    return (time.perf_counter() - start) / images


def _frame(seed: int) -> Frame:
    image = np.random.default_rng(seed).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    return Frame(str(seed), image, None, None, None, None, Source("noise"))


def _boxes(seed: int) -> list[Candidate]:
    corners = np.random.default_rng(seed).uniform([0, 0], [400, 300], (BOXES, 2)).astype(np.float32)
    return [Candidate(np.concatenate([corner, corner + 150]), 0.5, ()) for corner in corners]


def main() -> None:
    """Build, load and time the models that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", choices=MODELS)
    parser.add_argument("--images", type=int, default=2)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--batch-size", type=int, default=8)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    runtime = Runtime(device=arguments.device, batch_size=arguments.batch_size)
    for name in arguments.models:
        with tempfile.TemporaryDirectory() as folder:
            seconds = seconds_per_image(name, MODELS[name](Path(folder)), arguments.images, runtime)
        print(f"{name}: {seconds:.3f} s per image of 640 x 480")


if __name__ == "__main__":
    main()
