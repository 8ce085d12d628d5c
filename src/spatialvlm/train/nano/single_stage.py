"""Stage 1: datasets of scenes and a tower of stage 0 enter, a model that finds single things and reads them leaves.

Several questions about a picture are packed behind it. At the end of each name two real heads of the third language
layer are taught where the thing is, and a small net its distance, sizes and bearing, see `evidence`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from spatialvlm.errors import UserError
from spatialvlm.models import import_transformers
from spatialvlm.train.batches import EVIDENCE, Collator
from spatialvlm.train.encoding import Encoder
from spatialvlm.train.evidence import AttentionTap, Evidence, Readout
from spatialvlm.train.mixture import Mixture, MixtureState
from spatialvlm.train.nano.naming import names_at_points
from spatialvlm.train.nano.nano_model import know_words, look_alike, new_model, new_processor, save_nano
from spatialvlm.train.nano.nano_optimizers import optimizers_of, share_of_rate, take_step
from spatialvlm.train.nano.nano_run import NanoRun, checked_precision, in_precision, mean_of, read_tower, read_words
from spatialvlm.train.nano.single_scores import measure_answers
from spatialvlm.train.spatial_rows import AskedScenes, SpatialRows
from spatialvlm.train.train_config import TrainConfig

Say = Callable[[str], None]
TAUGHT = {"layer": 2, "heads": 2}
"""Where evidence is taught: two layers before put the words of a name together."""
EMBEDDING_RATE = 5.0
SINGLE = ("camera_distance", "width", "height", "bearing", "locate")


@dataclass(frozen=True, slots=True)
class SingleConfig:
    """How stage 1 is trained: so many `steps` of `images` pictures with up to `questions` each.

    `kinds` are asked. `evidence` weighs pointing and reading against the answers; 0 leaves them out. `tower_rate` is
    the rate of the vision tower against that of the rest. Raises UserError for values out of range.
    """

    steps: int = 1000
    images: int = 8
    questions: int = 16
    kinds: tuple[str, ...] = SINGLE
    numbers: str | None = None
    evidence: float = 1.0
    rate: float = 1.0
    tower_rate: float = 0.3
    seed: int = 0
    measure_every: int = 50
    measured: int = 48
    asked: int = 0
    precision: str = "float32"

    def __post_init__(self) -> None:
        for name in ("steps", "images", "questions", "measure_every", "measured"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} {getattr(self, name)}: expected 1 or more")
        checked_precision(self.precision)


class SingleLearner:
    """The model with what teaches it: answers, pointing and reading."""

    def __init__(self, tokenizer: Any, dense: Path | None, config: SingleConfig) -> None:
        self.model, self.processor = new_model(tokenizer, config.seed), new_processor(tokenizer)
        if dense is not None:
            self.model.model.vision_model.load_state_dict(read_tower(dense))
            know_words(self.model, tokenizer, read_words(dense))
        self.image_id = int(self.model.config.image_token_id)
        self.encoder = Encoder(self.processor, "idefics3", self.image_id, "nano")
        self.collate = Collator("idefics3", tokenizer.pad_token_id, self.image_id, pointers=config.evidence > 0)
        self.tap = AttentionTap(self.model, TAUGHT["layer"], TAUGHT["heads"])
        look_alike(self.model, **TAUGHT)
        if config.evidence:
            self.model.config.evidence = self.tap.taught
        self.readout = Readout(self.tap.width)
        self._evidence, self._weight = Evidence(self.tap, self.readout), config.evidence

    def loss(self, batch: dict[str, Any]) -> tuple[torch.Tensor, dict[str, float]]:
        """Return the loss of a batch, and what to report of it."""
        pointers = batch.pop(EVIDENCE, None)
        answers = self.model(**batch, use_cache=False).loss
        figures = {"loss": answers.item()}
        if pointers is None:
            return answers, figures
        found, said = self._evidence.loss(pointers, batch["input_ids"] == self.image_id)
        return answers if found is None else answers + self._weight * found, figures | said


def reading_of(data: tuple[str, ...], config: SingleConfig) -> TrainConfig:
    """Say how datasets are asked: questions of the kinds of the stage, with evidence where it is taught."""
    return TrainConfig(
        data=data,
        base="nano",
        out=Path(),
        questions_per_image=config.questions,
        evidence=config.evidence,
        kinds=config.kinds,
        numbers=config.numbers,
        seed=config.seed,
    )


def batches_of(rows: SpatialRows, learner: SingleLearner, config: SingleConfig, first: int) -> Iterator[dict[str, Any]]:
    """Yield the batches of steps, from step `first` on: the state of a mixture of one source is a number."""
    endless = Mixture([rows], [1.0], config.seed).rows(MixtureState((first,), (0,)))
    while True:
        taken = [next(endless) for _ in range(config.images)]
        yield learner.collate([row for row, _ in taken]) | {"state": taken[-1][1].taken[0]}


class Place:
    """How far the data have been read, as a part that a run saves."""

    def __init__(self) -> None:
        self.taken = 0

    def state_dict(self) -> dict[str, int]:
        """Return the place."""
        return {"taken": self.taken}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go back to a place."""
        self.taken = state["taken"]


def train_single(
    data: tuple[str, ...],
    held_out: str,
    tokenizer: Path,
    dense: Path | None,
    folder: Path,
    config: SingleConfig,
    say: Say = print,
) -> None:
    """Train the model, or go on where the run in `folder` stopped; the model is in `folder`/model after each measuring.

    `dense` is the folder of stage 0 or its tower, None for a fresh one; `held_out` a dataset of other rooms.
    """
    words = import_transformers().AutoTokenizer.from_pretrained(tokenizer)
    learner = SingleLearner(words, dense, config)
    tower = learner.model.model.vision_model
    slow, rest = list(tower.parameters()), [learner.model, learner.readout]
    others = {id(weight): config.tower_rate for weight in slow}
    others[id(learner.model.model.text_model.embed_tokens.weight)] = EMBEDDING_RATE
    optimizers = optimizers_of(rest, config.rate, others)
    place = Place()
    parts = {"model": learner.model, "readout": learner.readout, "place": place}
    parts |= {f"optimizer{number}": one for number, one in enumerate(optimizers)}
    decides = ("images", "questions", "kinds", "numbers", "evidence", "rate", "tower_rate", "seed", "precision")
    run = NanoRun(folder, {name: getattr(config, name) for name in decides} | {"data": data}, parts)
    done = run.resume()
    rows = SpatialRows(reading_of(data, config), learner.encoder, names_at_points)
    batches = batches_of(rows, learner, config, place.taken)
    measured = reading_of((held_out,), config)
    told: list[dict[str, float]] = []
    for step in range(done, config.steps):
        batch = next(batches)
        place.taken = batch.pop("state")
        with in_precision(config.precision):
            loss, figures = learner.loss(batch)
        loss.backward()
        take_step(optimizers, share_of_rate(step, config.steps))
        told.append(figures)
        if (step + 1) % config.measure_every == 0 or step + 1 == config.steps:
            shown = {f"held_{name}": value for name, value in measure_single(learner, measured, config).items()}
            say(run.tell(step + 1, mean_of(told) | shown))
            told = []
            run.save(step + 1)
            save_nano(learner.model, learner.processor, folder / "model")


@torch.no_grad()
def measure_single(learner: SingleLearner, reading: TrainConfig, config: SingleConfig) -> dict[str, float]:
    """Measure loss and pointing on held-out scenes, and where `asked` the answers that the model gives by itself."""
    held, found = SpatialRows(reading, learner.encoder, names_at_points), []
    for first in range(0, min(config.measured, len(held)), 8):
        rows = [held.row(0, place) for place in range(first, min(first + 8, config.measured, len(held)))]
        known = [row for row in rows if row is not None]
        if known:
            found.append(learner.loss(learner.collate(known))[1])
    figures = mean_of(found)
    if config.asked:
        figures |= measure_answers(learner.model, learner.processor, AskedScenes(reading), config.asked)
    return figures
