"""Training from beginning to end: settings in, a folder with a model out; the same call goes on after a kill."""

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.models import import_torch, import_transformers
from spatialvlm.train.encoding import Encoder
from spatialvlm.train.general_rows import GeneralRows
from spatialvlm.train.learner import Learner, load_learner
from spatialvlm.train.mixture import RowSource
from spatialvlm.train.model_card import write_card, write_report
from spatialvlm.train.model_parts import set_vision
from spatialvlm.train.run_folder import READOUT, RunFolder
from spatialvlm.train.spatial_rows import SpatialRows
from spatialvlm.train.train_config import TrainConfig

PROBED = 16
"""Images that are looked at before training, for whether anything is named and whether the model takes packed rows."""

Say = Callable[[str], object]
Callbacks = Callable[[str], list[Any]]


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a run with the vision tower frozen or not, called `name`."""

    name: str
    steps: int
    frozen: bool


def phases_of(config: TrainConfig) -> list[Phase]:
    """Return the parts of a run: first with the vision tower frozen, as the paper does, where that is wanted."""
    frozen = [Phase("frozen", config.frozen_steps, True)] if config.frozen_steps else []
    return [*frozen, Phase("main", config.steps, config.vision == "frozen")]


def train(config: TrainConfig, say: Say = print, callbacks: Callbacks = lambda phase: []) -> None:
    """Train a model as the settings say, and write it to `config.out`.

    `say` hears sentences about the run, `callbacks` gives those of transformers for a phase. Raises UserError for
    settings, data or weights that make no sense, a folder that holds another run, and where memory runs out.
    """
    import_torch()
    import_transformers()
    _check_packages(config)
    rank, ranks = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    folder = RunFolder(config, rank=rank, ranks=ranks)
    if folder.is_done:
        say(f"{config.out}: was trained already; nothing to do")
        return
    try:
        with warnings.catch_warnings():  # trl and peft ask for things by names that transformers 5.23 calls former ones
            warnings.simplefilter("ignore", FutureWarning)
            _run(config, folder, say, callbacks, rank, ranks)
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        raise UserError(
            f"memory ran out with {config.batch_size} rows at once: lower --batch-size and raise --accumulate, or give "
            "--activation-checkpointing or --lora; the same command then goes on"
        ) from error


def _run(config: TrainConfig, folder: RunFolder, say: Say, callbacks: Callbacks, rank: int, ranks: int) -> None:
    """Load, train and write."""
    learner = load_learner(config)
    skipped: dict[str, int] = {}
    if config.stage == "grpo":
        from spatialvlm.train.rewarding import reward_training

        reward_training(config, learner, folder, callbacks("main"))
    else:
        skipped = _supervise(config, learner, folder, say, callbacks, rank, ranks)
    if rank == 0:
        _write_model(config, learner, folder, skipped)


def _is_out_of_memory(error: BaseException) -> bool:
    said = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in said or "can't allocate memory" in said


def _check_packages(config: TrainConfig) -> None:
    """Raise UserError for what is not installed; say to TensorBoard where its files go."""
    wanted = ["accelerate", "datasets", "peft", "trl", *(["tensorboard"] if config.tensorboard else [])]
    missing = [name for name in wanted if find_spec(name) is None]
    if missing:
        own = "pip install tensorboard" if missing == ["tensorboard"] else "pip install 'spatialvlm[train]'"
        raise UserError(f"{', '.join(missing)}: not installed; {own}")
    if config.tensorboard:
        os.environ.setdefault("TENSORBOARD_LOGGING_DIR", str(config.out / "tensorboard"))


def sources_of(config: TrainConfig, encoder: Encoder) -> tuple[list[RowSource], list[float]]:
    """Open the data: the sources and their shares of tokens, the spatial one first."""
    share = config.spatial_share
    sources: list[RowSource] = [SpatialRows(config, encoder)]
    if share == 1.0:
        return sources, [1.0]
    return [*sources, GeneralRows(config.general, encoder, config.max_tokens)], [share, 1.0 - share]


def _supervise(
    config: TrainConfig, learner: Learner, folder: RunFolder, say: Say, callbacks: Callbacks, rank: int, ranks: int
) -> dict[str, int]:
    """Train by supervision, phase after phase; returns what was left out of the data, by reason."""
    from spatialvlm.train.batches import Collator, MixedBatches
    from spatialvlm.train.trainer import SpatialTrainer, trainer_settings

    encoder, model = learner.encoder, learner.model
    merge = int(getattr(getattr(learner.processor, "image_processor", None), "merge_size", 1))
    collate = Collator(encoder.family, encoder.pad_id, encoder.image_id, merge, pointers=bool(config.evidence))
    sources, shares = sources_of(_probe(config, learner, collate, say), encoder)
    evidence = _evidence(config, model) if config.evidence else None
    states: dict[int, str] = {}
    read = 0
    for phase in phases_of(config):
        checkpoint = folder.last_checkpoint(phase.name)
        if checkpoint is not None:
            states = folder.states(checkpoint, rank)
            if evidence is not None:
                kept = import_torch().load(checkpoint.folder / READOUT, weights_only=True)
                evidence[1].load_state_dict(kept)
        done = read + (checkpoint.step * config.accumulate if checkpoint else 0)
        lanes = {"rank": rank, "ranks": ranks, "workers": config.workers, "states": states, "done": done}
        size = config.batch_size
        trainer = SpatialTrainer(
            model,
            trainer_settings(config, folder.stage(phase.name), phase.steps, half=learner.half, cpu=learner.cpu),
            config,
            learner.processor,
            MixedBatches(sources, shares, collate, seed=config.seed, batch_size=size, **lanes),
            vision=set_vision(model, frozen=phase.frozen),
            states=states,
            evidence=evidence,
            callbacks=callbacks(phase.name),
        )
        if checkpoint is not None and checkpoint.step >= phase.steps:
            trainer._load_from_checkpoint(str(checkpoint.folder))
        else:
            if checkpoint is not None:
                say(f"going on after step {checkpoint.step} of {phase.steps} ({phase.name})")
            trainer.train(resume_from_checkpoint=str(checkpoint.folder) if checkpoint else None)
        states, read = trainer.states, read + phase.steps * config.accumulate
    return {reason: count for source in sources for reason, count in getattr(source, "skipped", {}).items()}


def _evidence(config: TrainConfig, model: Any) -> tuple[Any, Any]:
    """Tap the model, which config.json will say, and make the net that reads; its weights come from the seed."""
    from spatialvlm.train.evidence import AttentionTap, Evidence, Readout

    import_torch().manual_seed(config.seed)
    tap = AttentionTap(model, config.evidence_layer, config.evidence_heads)
    model.config.evidence = tap.taught
    readout = Readout(tap.width)
    return Evidence(tap, readout), readout


def _probe(config: TrainConfig, learner: Learner, collate: Any, say: Say) -> TrainConfig:
    """Look at some images before training. Raises UserError where there is nothing, or evidence has nothing to teach.

    Returns settings with one question a row where the model does not take more.
    """
    from spatialvlm.train.packing_check import packing_fault

    source = SpatialRows(config, learner.encoder)
    if not len(source):
        raise UserError(f"{source.name}: holds nothing to train on; expected one image with a question at least")
    rows = [row for place in range(min(PROBED, len(source))) if (row := source.row(0, place)) is not None]
    questions = sum(len(row.segments) for row in rows)
    if config.evidence and rows and not any(one.pointers for row in rows for one in row.segments):
        raise UserError(
            f"evidence: none of the first {questions} questions of {source.name} names an object that is in sight; "
            "train without --evidence, or ask other --kinds"
        )
    several = next((row for row in rows if len(row.segments) > 1), None)
    fault = packing_fault(learner.model, collate, several, half=learner.half) if several is not None else None
    if fault is None:
        return config
    say(f"{learner.encoder.family}: cannot take several questions a row ({fault}); each row has one")
    return replace(config, questions_per_image=1)


def _write_model(config: TrainConfig, learner: Learner, folder: RunFolder, skipped: dict[str, int]) -> None:
    """Write the model as a plain checkpoint, its adapters beside it, and what people want to know of it."""
    model = learner.model
    if config.lora:
        model.save_pretrained(folder.path / "adapter")
        model = model.merge_and_unload()
    if learner.half:
        model = model.to(import_torch().bfloat16)
    model.save_pretrained(folder.path)
    learner.processor.save_pretrained(folder.path)
    write_report(folder, config)
    write_card(folder, config, skipped)
    folder.finish()
