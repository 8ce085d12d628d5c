"""Stage 0: pictures with what is true of each patch enter, a vision tower that sees depth, things and sizes leaves."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from jaxtyping import Float32, UInt8

from spatialvlm.errors import UserError
from spatialvlm.train.mixture import place_of
from spatialvlm.train.nano.dense_loss import PatchHeads, PatchWords, dense_loss, dense_scores
from spatialvlm.train.nano.dense_pictures import GRID, DensePictures, read_pictures
from spatialvlm.train.nano.nano_model import VISION, image_processor, new_tower
from spatialvlm.train.nano.nano_optimizers import optimizers_of, share_of_rate, take_step
from spatialvlm.train.nano.nano_run import (
    NanoRun,
    checked_precision,
    in_precision,
    mean_of,
    read_tower,
    read_words,
    write_tower,
)
from spatialvlm.train.nano.other_light import in_other_light

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DenseConfig:
    """How stage 0 is trained: so many `steps` of `batch_size` pictures; `rate` multiplies the optimizers' own.

    Half of the pictures are mirrored, all are shown in another light. Raises UserError for values out of range.
    """

    steps: int = 2000
    batch_size: int = 16
    rate: float = 1.0
    seed: int = 0
    measure_every: int = 100
    measured: int = 120
    precision: str = "float32"

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "measure_every", "measured"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} {getattr(self, name)}: expected 1 or more")
        checked_precision(self.precision)


class DenseBatches:
    """Makes batches of pictures; the one of a step is always the same."""

    def __init__(self, pictures: DensePictures, config: DenseConfig) -> None:
        self._all, self._config, self._processor = pictures, config, image_processor()

    def training(self, step: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return pixels, known lengths and things of the batch of a step, some mirrored, all in another light."""
        size, first = self._config.batch_size, step * self._config.batch_size
        places = [place_of(cursor, len(self._all), self._config.seed, 0)[1] for cursor in range(first, first + size)]
        rng = np.random.default_rng([self._config.seed, step])
        pixels, known, thing = self._made(places, mirrored=rng.random(size) < 0.5)
        return in_other_light(pixels, (self._config.seed, step)), known, thing

    def plain(self, places: range) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return those of some pictures as they are."""
        count = len(places)
        return self._made(list(places), mirrored=np.zeros(count, bool))

    def _made(self, places: list[int], mirrored: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        taken = [self._all.picture(place) for place in places]
        turned = [picture[:, ::-1] if flip else picture for picture, flip in zip(taken, mirrored)]
        seen = self._processor([[picture] for picture in turned], return_tensors="pt")
        pixels = seen["pixel_values"].reshape(len(places), *seen["pixel_values"].shape[-3:])
        thing = self._all.thing[places]
        sizes = [np.append(values, np.nan)[thing] for values in (self._all.width, self._all.height)]
        known = np.stack([self._all.depth[places], *sizes], -1)
        thing = np.where(mirrored[:, None, None], thing[:, :, ::-1], thing)
        known = np.where(mirrored[:, None, None, None], known[:, :, ::-1], known)
        count = len(places)
        return (
            pixels,
            torch.from_numpy(known.reshape(count, -1, 3).astype(np.float32)),
            torch.from_numpy(thing.reshape(count, -1).astype(np.int64)),
        )


def train_dense(
    pictures: Sequence[Path],
    held_out: Path,
    folder: Path,
    config: DenseConfig,
    say: Say = print,
    start: Path | None = None,
) -> None:
    """Train the vision tower, or go on where the run in `folder` stopped; `held_out` are pictures of other rooms.

    `start` is the tower to begin with, a file or the folder of an earlier run; a fresh one without it. The tower is in
    `folder`/tower.safetensors after each measuring.
    """
    taught, held = read_pictures(*pictures), read_pictures(held_out)
    words = PatchWords(taught.words)
    words_held = PatchWords(held.words, words.words)
    words_held.is_noun = words.is_noun
    tower = new_tower(config.seed)
    heads = PatchHeads(VISION["hidden_size"], len(words.words))
    if start is not None:
        tower.load_state_dict(read_tower(start))
        heads.recall(words.words, read_words(start))
    optimizers = optimizers_of([tower, heads], config.rate, half=config.precision == "bfloat16")
    named = {f"optimizer{number}": one for number, one in enumerate(optimizers)}
    settings = {
        name: value for name, value in asdict(config).items() if name in ("batch_size", "rate", "seed", "precision")
    }
    run = NanoRun(
        folder,
        {**settings, "pictures": len(taught), "start": start and str(start)},
        {"tower": tower, "heads": heads, **named},
    )
    batches, measuring = DenseBatches(taught, config), DenseBatches(held, config)
    losses: list[dict[str, float]] = []
    for step in range(run.resume(), config.steps):
        pixels, known, thing = batches.training(step)
        with in_precision(config.precision):
            states = tower(pixels).last_hidden_state
        lengths, logits = heads(states.float())
        loss = dense_loss(lengths, logits, known, thing, words)
        loss.backward()
        take_step(optimizers, share_of_rate(step, config.steps))
        losses.append({"loss": loss.item()})
        if (step + 1) % config.measure_every == 0 or step + 1 == config.steps:
            figures = measure_dense(tower, heads, measuring, min(config.measured, len(held)), words_held)
            say(run.tell(step + 1, mean_of(losses) | figures))
            losses = []
            run.save(step + 1)
            write_tower(tower, folder, words.words, heads.words.weight)


@torch.no_grad()
def measure_dense(
    tower: Any, heads: PatchHeads, batches: DenseBatches, count: int, words: PatchWords
) -> dict[str, float]:
    """Measure on the first so many pictures."""
    found = []
    for first in range(0, count, 30):
        pixels, known, thing = batches.plain(range(first, min(first + 30, count)))
        lengths, logits = heads(tower(pixels).last_hidden_state)
        found.append(dense_scores(lengths, logits, known, thing, words))
    return mean_of(found)


@torch.no_grad()
def depth_said(folder: Path, pictures: Sequence[UInt8[np.ndarray, "h w 3"]]) -> Float32[np.ndarray, "n g g"]:
    """Say how far each patch of some pictures is, in metres, by the run in `folder`.

    Raises UserError where there is no run.
    """
    tower = new_tower()
    tower.load_state_dict(read_tower(folder))
    saved = torch.load(folder / "checkpoint.pt", weights_only=True)["parts"]["heads"]
    heads = PatchHeads(VISION["hidden_size"], len(saved["words.bias"]))
    heads.load_state_dict(saved)
    seen = image_processor()([[picture] for picture in pictures], return_tensors="pt")["pixel_values"][:, 0]
    lengths, _ = heads(tower(seen).last_hidden_state)
    return lengths[..., 0].exp().reshape(len(pictures), GRID, GRID).numpy()
