"""Stages 1 to 3: datasets of scenes and a tower of stage 0 enter, or the model so far; a model that answers leaves.

What is asked is the stage's, see `curriculum`. Several questions about a picture stand behind it, see `shared_prefix`.
At the end of each name two real heads of the third language layer are taught where the thing is, and a small net its
distance, sizes and bearing, see `evidence`. At the end of a question two heads of the next layer are taught to look at
its first and its last name, a net what is known of both, and a layer later another one what is asked, see `Readouts`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from spatialvlm.errors import UserError
from spatialvlm.models import import_transformers
from spatialvlm.train.encoding import Encoder
from spatialvlm.train.mixture import Mixture, MixtureState
from spatialvlm.train.nano.answer_scores import measure_answers
from spatialvlm.train.nano.curriculum import lessons_of
from spatialvlm.train.nano.nano_model import (
    add_layers,
    know_words,
    look_alike,
    new_model,
    new_processor,
    read_nano,
    save_nano,
)
from spatialvlm.train.nano.nano_optimizers import optimizers_of, share_of_rate, take_step
from spatialvlm.train.nano.nano_run import NanoRun, checked_precision, in_precision, mean_of, read_tower, read_words
from spatialvlm.train.nano.other_light import in_other_light
from spatialvlm.train.nano.question_groups import PrefixBatch, prefix_batch
from spatialvlm.train.nano.scene_talk import talk
from spatialvlm.train.nano.shared_prefix import Readouts, SharedPrefix
from spatialvlm.train.rewording import reworded
from spatialvlm.train.spatial_rows import AskedScenes, SpatialRows
from spatialvlm.train.train_config import TrainConfig

Say = Callable[[str], None]
TAUGHT = {"layer": 2, "heads": 2}
"""Where evidence is taught: two layers before put the words of a name together."""
EMBEDDING_RATE = 5.0
COUNTED = ("count_of_class",)


@dataclass(frozen=True, slots=True)
class LanguageConfig:
    """How a stage is trained: so many `steps` of `images` pictures with up to `questions` each, as `stage` asks.

    `kinds` asks other kinds than the stage does; `short` answers them in a word or phrase, and
    `smudged` leaves out or garbles a share of the words of questions, see `rewording`.
    `blind` asks about the picture of another scene, so that words alone can be learnt from; leave evidence out then.
    `general` is the share of tokens that need no space: captions, colours and counts. `evidence` weighs pointing and
    reading against the answers; 0 leaves them out. `tower_rate` is the rate of the vision tower against that of the
    rest, 0 keeps it as it is. `label_noise` as in `TrainConfig`.
    Raises UserError for values out of range.
    """

    steps: int = 1000
    stage: str = "single"
    images: int = 8
    questions: int = 16
    kinds: tuple[str, ...] | None = None
    numbers: str | None = None
    short: bool = False
    smudged: float = 0.0
    blind: bool = False
    general: float = 0.0
    label_noise: float = 0.0
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
        if not 0.0 <= self.general <= 1.0:
            raise UserError(f"general {self.general:g}: expected a share from 0 to 1")
        lessons_of(self.stage)
        checked_precision(self.precision)


class LanguageLearner:
    """The model with what teaches it: answers, pointing and reading.

    `start` is the folder of a model to go on with; without it a fresh one, on the tower `dense` where that is given.
    """

    def __init__(self, tokenizer: Any, dense: Path | None, config: LanguageConfig, start: Path | None = None) -> None:
        self.processor = new_processor(tokenizer)
        self.model = new_model(tokenizer, config.seed) if start is None else read_nano(start)
        if dense is not None:
            self.model.model.vision_model.load_state_dict(read_tower(dense))
        add_layers(self.model)
        if start is None:
            know_words(self.model, tokenizer, read_words(dense) if dense is not None else {})
            look_alike(self.model, **TAUGHT)
        if config.evidence:
            self.model.config.evidence = TAUGHT
        self.model.model.vision_model.requires_grad_(config.tower_rate > 0)
        self._pad_id, self._image_id = tokenizer.pad_token_id, int(self.model.config.image_token_id)
        self.encoder = Encoder(self.processor, "idefics3", self._image_id, "nano")
        self.readouts = Readouts(int(self.model.config.text_config.hidden_size))
        self._losses = SharedPrefix(self.model, self.readouts, TAUGHT["layer"], TAUGHT["heads"])
        self._weight, self._blind = config.evidence, config.blind

    @staticmethod
    def tokenizer(folder: Path) -> Any:
        """Load the tokenizer of a folder."""
        return import_transformers().AutoTokenizer.from_pretrained(folder, local_files_only=True)

    def collate(self, rows: list[Any]) -> PrefixBatch:
        """Lay out rows as a batch."""
        return prefix_batch(rows, self._image_id, self._pad_id)

    def loss(self, batch: PrefixBatch) -> tuple[torch.Tensor, dict[str, float]]:
        """Return the loss of a batch, and what to report of it."""
        if self._blind:
            batch = replace(batch, pixels=batch.pixels.roll(1, 0))
        answers, evidence, figures = self._losses.losses(batch)
        return answers if evidence is None else answers + self._weight * evidence, figures

    def optimizers(self, config: LanguageConfig) -> list[Any]:
        """Make the optimizers, with rates of their own for the tower and the embeddings."""
        others = {id(weight): config.tower_rate for weight in self.model.model.vision_model.parameters()}
        others[id(self.model.model.text_model.embed_tokens.weight)] = EMBEDDING_RATE
        return optimizers_of([self.model, self.readouts], config.rate, others, half=config.precision == "bfloat16")


def reading_of(data: tuple[str, ...], config: LanguageConfig, kinds: tuple[str, ...] | None = None) -> TrainConfig:
    """Say how datasets are asked: questions of the kinds of the stage, with evidence where it is taught."""
    return TrainConfig(
        data=data,
        base="nano",
        out=Path(),
        questions_per_image=config.questions,
        evidence=config.evidence,
        kinds=kinds or config.kinds or lessons_of(config.stage).kinds,
        numbers=config.numbers,
        label_noise=config.label_noise,
        seed=config.seed,
    )


def spatial_rows(data: tuple[str, ...], config: LanguageConfig, encoder: Encoder) -> SpatialRows:
    """Return the rows of what a stage asks of scenes."""
    said = reworded(config.short, config.smudged)
    return SpatialRows(reading_of(data, config), encoder, talk(lessons_of(config.stage).talks), said)


def rows_of(data: tuple[str, ...], config: LanguageConfig, encoder: Encoder) -> Mixture:
    """Mix what a stage asks of scenes with what needs no space, by their shares of tokens."""
    spatial = spatial_rows(data, config, encoder)
    general = SpatialRows(reading_of(data, config, COUNTED), encoder, talk(("looks",)))
    return Mixture([spatial, general], [1.0 - config.general, config.general], config.seed)


class Place:
    """How far the data have been read, as a part that a run saves."""

    def __init__(self) -> None:
        self.mixture = MixtureState.start(2)

    def state_dict(self) -> dict[str, str]:
        """Return the place."""
        return {"mixture": self.mixture.to_json()}

    def load_state_dict(self, state: dict[str, str]) -> None:
        """Go back to a place."""
        self.mixture = MixtureState.from_json(state["mixture"])


def batches_of(mixed: Mixture, learner: LanguageLearner, images: int, place: Place) -> Iterator[PrefixBatch]:
    """Yield the batches of steps, from a place on, which they move."""
    endless = mixed.rows(place.mixture)
    while True:
        taken = [next(endless) for _ in range(images)]
        place.mixture = taken[-1][1]
        yield learner.collate([row for row, _ in taken])


def train_language(
    data: tuple[str, ...],
    held_out: str,
    tokenizer: Path,
    dense: Path | None,
    folder: Path,
    config: LanguageConfig,
    say: Say = print,
    start: Path | None = None,
) -> None:
    """Train the model, or go on where the run in `folder` stopped; the model is in `folder`/model after each measuring.

    `dense` is the folder of stage 0 or its tower, None for a fresh one or that of `start`, the folder of a model to go
    on with; `held_out` a dataset of other rooms.
    """
    learner = LanguageLearner(LanguageLearner.tokenizer(tokenizer), dense, config, start)
    optimizers, place = learner.optimizers(config), Place()
    parts = {"model": learner.model, "readouts": learner.readouts, "place": place}
    parts |= {f"optimizer{number}": one for number, one in enumerate(optimizers)}
    decides = ("stage", "images", "questions", "kinds", "numbers", "short", "smudged", "general", "label_noise")
    decides += ("blind", "evidence", "rate", "tower_rate", "seed", "precision")
    settings: dict[str, Any] = {name: getattr(config, name) for name in decides}
    run = NanoRun(folder, settings | {"data": data, "start": start and str(start)}, parts)
    done = run.resume()
    batches = batches_of(rows_of(data, config, learner.encoder), learner, config.images, place)
    told: list[dict[str, float]] = []
    for step in range(done, config.steps):
        batch = next(batches)
        batch = replace(batch, pixels=in_other_light(batch.pixels, (config.seed, step)))
        with in_precision(config.precision):
            loss, figures = learner.loss(batch)
        loss.backward()
        take_step(optimizers, share_of_rate(step, config.steps))
        told.append(figures | {"questions": float(sum(len(group.ids) for group in batch.groups))})
        if (step + 1) % config.measure_every == 0 or step + 1 == config.steps:
            shown = {f"held_{name}": value for name, value in measure_language(learner, held_out, config).items()}
            say(run.tell(step + 1, mean_of(told) | shown))
            told = []
            run.save(step + 1)
            save_nano(learner.model, learner.processor, folder / "model")


@torch.no_grad()
def measure_language(learner: LanguageLearner, held_out: str, config: LanguageConfig) -> dict[str, float]:
    """Measure loss and pointing on held-out scenes, and where `asked` the answers that the model gives by itself."""
    held, found = spatial_rows((held_out,), replace(config, smudged=0.0), learner.encoder), []
    for first in range(0, min(config.measured, len(held)), 8):
        rows = [held.row(0, place) for place in range(first, min(first + 8, config.measured, len(held)))]
        known = [row for row in rows if row is not None]
        if known:
            found.append(learner.loss(learner.collate(known))[1])
    figures = mean_of(found)
    if config.asked:
        asked = AskedScenes(reading_of((held_out,), config))
        figures |= measure_answers(learner.model, learner.processor, asked, config.asked)
    return figures
