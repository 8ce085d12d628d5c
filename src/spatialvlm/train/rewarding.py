"""Training by rewards: trl's GRPOTrainer on questions made when they are wanted, scored by `spatial_reward`."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datasets import Features, Image, IterableDataset, Sequence, Value  # pyright: ignore[reportMissingImports]
from PIL import Image as Pictures
from transformers import PrinterCallback  # pyright: ignore[reportMissingImports]
from trl.trainer.grpo_config import GRPOConfig  # pyright: ignore[reportMissingImports]
from trl.trainer.grpo_trainer import GRPOTrainer  # pyright: ignore[reportMissingImports]

from spatialvlm.answers import answer_to_text
from spatialvlm.errors import SpatialError, UserError
from spatialvlm.evaluate import spatial_reward
from spatialvlm.records import QA
from spatialvlm.train.learner import Learner
from spatialvlm.train.mixture import place_of
from spatialvlm.train.model_parts import set_vision
from spatialvlm.train.run_folder import RunFolder, place_file
from spatialvlm.train.spatial_rows import AskedScenes, picture_of
from spatialvlm.train.train_config import TrainConfig

LONGEST_ANSWER = 128
"""Tokens of an answer that is tried."""


def reward_rows(config: TrainConfig) -> Iterator[dict[str, Any]]:
    """Yield questions without end, one at a time, with their image and all that `spatial_reward` looks at.

    The order is that of the seed; each visit to a scene asks other questions. Images that cannot be read are passed
    over. Raises UserError where a whole epoch gave nothing.
    """
    scenes = AskedScenes(config)
    cursor = empty = 0
    while True:
        if not len(scenes) or empty > len(scenes):
            raise UserError(f"{scenes.name}: holds nothing to train on; expected one image with a question at least")
        epoch, place = place_of(cursor, len(scenes), config.seed, 0)
        asked, questions, _ = scenes.ask(epoch, place)
        cursor, empty = cursor + 1, empty + 1
        for qa in questions:
            try:
                picture = picture_of(asked, [qa])
            except (OSError, SyntaxError, ValueError, Pictures.DecompressionBombError, SpatialError):
                continue
            empty = 0
            yield reward_row(qa, picture)


def reward_row(qa: QA, picture: Any) -> dict[str, Any]:
    """Write a question as the row that GRPOTrainer reads."""
    return {
        "image": picture,
        "prompt": [{"role": "user", "content": qa.question}],
        "value": answer_to_text(qa.value),
        "kind": qa.kind,
        "names": list(qa.names),
        "asked_unit": qa.unit or "",
        "asked_as": qa.asked_as,
    }


def reward_training(config: TrainConfig, learner: Learner, folder: RunFolder, callbacks: list[Any]) -> None:
    """Train by rewards; goes on after the last checkpoint, with the questions that follow."""
    at_once = config.batch_size * config.accumulate * int(os.environ.get("WORLD_SIZE", "1"))
    if at_once % config.generations:
        raise UserError(
            f"generations {config.generations}: do not divide the {at_once} tries of a step, --batch-size times "
            "--accumulate times processes"
        )
    next(reward_rows(config))  # what is wrong with the data is said before anything is loaded for training
    set_vision(learner.model, frozen=config.vision == "frozen")
    texts = Value("string")
    columns = dict.fromkeys(("value", "kind", "asked_unit", "asked_as"), texts)
    prompt = [{"role": texts, "content": texts}]
    features = Features({"image": Image(), "prompt": prompt, "names": Sequence(texts), **columns})
    rows = IterableDataset.from_generator(reward_rows, features=features, gen_kwargs={"config": config})
    checkpoint = folder.last_checkpoint("main")
    tokenizer = learner.processor.tokenizer
    tokenizer.padding_side = "left"
    settings = GRPOConfig(
        output_dir=str(folder.stage("main")),
        max_steps=config.steps,
        per_device_train_batch_size=config.batch_size,
        gradient_accumulation_steps=config.accumulate,
        num_generations=config.generations,
        max_completion_length=LONGEST_ANSWER,
        learning_rate=config.learning_rate,
        bf16=learner.half,
        use_cpu=learner.cpu,
        logging_steps=config.log_every,
        save_strategy="steps",
        save_steps=config.save_every,
        save_total_limit=2,
        report_to=["tensorboard"] if config.tensorboard else [],
        seed=config.seed,
        activation_checkpointing=config.activation_checkpointing,
        disable_tqdm=True,
    )
    trainer = _Rewarded(
        model=learner.model,
        reward_funcs=[spatial_reward],
        args=settings,
        train_dataset=rows,
        processing_class=learner.processor,
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=str(checkpoint.folder) if checkpoint else None)


class _Rewarded(GRPOTrainer):
    """GRPOTrainer whose checkpoints say that they are whole, as RunFolder wants it."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        path = (
            Path(str(self.args.output_dir))
            / f"checkpoint-{self.state.global_step}"
            / place_file(self.args.process_index)
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"states": {}}')
