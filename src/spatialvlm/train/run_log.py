"""A run as it is watched: a progress bar, a log, and a page that is made again with every checkpoint."""

import os
from typing import Any

from transformers import TrainerCallback  # pyright: ignore[reportMissingImports]

from spatialvlm.engine import ProgressBar
from spatialvlm.train.model_card import write_report
from spatialvlm.train.run_folder import RunFolder
from spatialvlm.train.train_config import TrainConfig

_BESIDE = ("loss", "reward", "pointing", "learning_rate")


class RunLog(TrainerCallback):
    """Shows the steps of a phase and keeps what is logged."""

    def __init__(self, config: TrainConfig, phase: str, bar: ProgressBar) -> None:
        ranks = int(os.environ.get("WORLD_SIZE", "1"))
        self._folder, self._config, self._phase, self._bar = RunFolder(config, ranks=ranks), config, phase, bar
        self._beside = ""

    def on_train_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Show how many steps there are, and how many are done."""
        self._bar.show(state.max_steps, state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Count a step."""
        self._bar.advance(1, self._beside)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **rest: Any) -> None:
        """Keep figures, in the file and beside the bar."""
        if logs is None or "train_runtime" in logs:  # a summary, which tells nothing of a step
            return
        figures = {name: value for name, value in logs.items() if isinstance(value, int | float)}
        self._folder.log({"stage": self._phase, "step": state.global_step, **figures})
        self._beside = "  ".join(f"{name} {figures[name]:.3g}" for name in _BESIDE if name in figures) or self._beside

    def on_save(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Draw the curves so far."""
        write_report(self._folder, self._config)
