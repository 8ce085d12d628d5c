"""The trainer: trl's SFTTrainer on batches of our own, with evidence, learning rates by part, and exact resuming.

Needs trl. What is not ours (mixed precision, several processes, schedules, checkpoints of weights) is left to it.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch  # pyright: ignore[reportMissingImports]
from datasets import Dataset  # pyright: ignore[reportMissingImports]
from torch.utils.data import DataLoader  # pyright: ignore[reportMissingImports]
from transformers import PrinterCallback, Trainer, TrainerCallback  # pyright: ignore[reportMissingImports]
from trl.trainer.sft_config import SFTConfig  # pyright: ignore[reportMissingImports]
from trl.trainer.sft_trainer import SFTTrainer  # pyright: ignore[reportMissingImports]

from spatialvlm.train.batches import EVIDENCE, STATE
from spatialvlm.train.evidence import Evidence, Readout
from spatialvlm.train.mixture import MixtureState
from spatialvlm.train.run_folder import READOUT, place_file
from spatialvlm.train.train_config import TrainConfig

READOUT_RATE = 1e-3
_NO_DECAY = ("bias", "norm.weight", "layernorm.weight", "norm1.weight", "norm2.weight")


def trainer_settings(config: TrainConfig, folder: Path, steps: int, *, half: bool, cpu: bool) -> SFTConfig:
    """Say to trl what a run of so many steps is."""
    return SFTConfig(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=config.batch_size,
        gradient_accumulation_steps=config.accumulate,
        learning_rate=config.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=round(config.warmup * steps),
        weight_decay=config.weight_decay,
        bf16=half,
        use_cpu=cpu,
        logging_steps=config.log_every,
        save_strategy="steps",
        save_steps=config.save_every,
        save_total_limit=2,
        report_to=["tensorboard"] if config.tensorboard else [],
        seed=config.seed,
        remove_unused_columns=False,
        max_length=None,
        activation_checkpointing=config.activation_checkpointing,
        disable_tqdm=True,
        ignore_data_skip=True,
        logging_nan_inf_filter=False,
        dataloader_pin_memory=not cpu,
    )


class SpatialTrainer(SFTTrainer):
    """Trains on `batches`, MixedBatches. `vision` names the parameters that learn at the vision tower's rate.

    `states` is where in the data this process is, by lane: it goes into every checkpoint, one file a process.
    """

    model: Any

    def __init__(
        self,
        model: Any,
        settings: SFTConfig,
        config: TrainConfig,
        processor: Any,
        batches: Any,
        *,
        vision: frozenset[str],
        states: Mapping[int, str],
        evidence: tuple[Evidence, Readout] | None = None,
        callbacks: Iterable[TrainerCallback] = (),
    ) -> None:
        self._batches, self._config, self._vision, self._evidence = batches, config, vision, evidence
        self.states = dict(states)
        # trl looks at the first row of a dataset; ours comes from `get_train_dataloader`
        stand_in = Dataset.from_list([{"images": [], "messages": []}])
        super().__init__(
            model=model,
            args=settings,
            processing_class=processor,
            train_dataset=stand_in,
            data_collator=_as_it_is,
            callbacks=[*callbacks, *([_ReadoutSteps(evidence[1])] if evidence else ())],
        )
        self.remove_callback(PrinterCallback)  # stdout is for results
        if evidence is not None:
            evidence[1].to(self.args.device)

    def get_train_dataloader(self) -> DataLoader:
        """Read our batches as they are: they are whole, and each process has its own."""
        return DataLoader(
            self._batches,
            batch_size=None,
            num_workers=self._config.workers,
            pin_memory=False,
            prefetch_factor=2 if self._config.workers else None,
        )

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Return trl's loss of the answers, and evidence's beside it."""
        lane, state = inputs.pop(STATE)
        named = inputs.pop(EVIDENCE, None)
        loss = super().compute_loss(model, inputs, num_items_in_batch=num_items_in_batch)
        self._metrics["train"]["answer_loss"].append(loss.item() * self.current_gradient_accumulation_steps)
        if self._evidence is not None and named is not None:
            taught, said = self._evidence[0].loss(named, inputs["input_ids"] == model_image_id(self.model))
            for name, value in said.items():
                self._metrics["train"][name].append(value)
            if taught is not None:
                loss = loss + self._config.evidence * taught / self.current_gradient_accumulation_steps
        self.states[lane] = state
        self._report_mixture()
        return loss

    def _report_mixture(self) -> None:
        """Report tokens and shares; of a mask with numbers trl's count of tokens is none."""
        read = [MixtureState.from_json(state).tokens for state in self.states.values()]
        by_source = [sum(counts) for counts in zip(*read, strict=True)]
        total = sum(by_source)
        self._metrics["train"]["num_tokens"] = [total * self.args.world_size]
        self._metrics["train"]["spatial_share"] = [by_source[0] / max(total, 1)]

    def create_optimizer(self, model: Any = None) -> Any:
        """Make AdamW with groups: the vision tower at its own rate, the readout at its own, no decay of norms."""
        if self.optimizer is None:
            rates = {True: self._config.vision_learning_rate, False: self._config.learning_rate}
            groups: dict[tuple[bool, bool], list[Any]] = {}
            for name, weight in self.model.named_parameters():
                if weight.requires_grad:
                    decays = not name.lower().endswith(_NO_DECAY)
                    groups.setdefault((name in self._vision, decays), []).append(weight)
            decay = self._config.weight_decay
            chosen = [
                {
                    "params": weights,
                    "lr": rates[sees] if rates[sees] is not None else self._config.learning_rate,
                    "weight_decay": decay if decays else 0.0,
                }
                for (sees, decays), weights in sorted(groups.items(), key=lambda group: group[0])
            ]
            if self._evidence is not None:
                chosen.append({"params": [*self._evidence[1].parameters()], "lr": READOUT_RATE, "weight_decay": 0.0})
            self.optimizer = torch.optim.AdamW(chosen, lr=self._config.learning_rate)
        return self.optimizer

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Save as Trainer does, then where we are in the data: a checkpoint without that is not whole."""
        Trainer._save_checkpoint(self, model, trial)
        folder = Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"
        folder.mkdir(parents=True, exist_ok=True)
        if self._evidence is not None and self.args.process_index == 0:
            torch.save(self._evidence[1].state_dict(), folder / READOUT)
        place = {"states": {str(lane): state for lane, state in self.states.items()}}
        path = folder / place_file(self.args.process_index)
        written = path.with_suffix(".tmp")
        written.write_text(json.dumps(place))
        written.replace(path)


class _ReadoutSteps(TrainerCallback):
    """Does for the readout what Trainer does for the model alone: averages over processes, forgets old gradients."""

    def __init__(self, readout: Readout) -> None:
        self._readout = readout

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Average before the step; a process whose batches named nothing counts as 0."""
        if args.world_size > 1:
            for weight in self._readout.parameters():
                if weight.grad is None:
                    weight.grad = torch.zeros_like(weight)
                torch.distributed.all_reduce(weight.grad)
                weight.grad /= args.world_size

    def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Forget the gradients of the step."""
        self._readout.zero_grad()


def model_image_id(model: Any) -> int:
    """Return the id of the image token of a model, perhaps behind adapters."""
    config = model.config
    found = getattr(config, "image_token_id", None)
    return int(config.image_token_index if found is None else found)


def _as_it_is(rows: Any) -> Any:
    return rows
