"""Training on a terminal: progress on stderr, where the model is on stdout."""

import os
from typing import Any

from spatialvlm.engine import ProgressBar
from spatialvlm.train.train_config import TrainConfig
from spatialvlm.train.training import train


def train_with_progress(config: TrainConfig) -> list[str]:
    """Train and show progress; of several processes the first one does. Returns lines about what there is now.

    Raises UserError as `train` does.
    """
    is_first = os.environ.get("RANK", "0") == "0"
    bars: list[ProgressBar] = []

    def say(sentence: str) -> None:
        if is_first:
            from rich.console import Console

            Console(stderr=True).print(sentence, soft_wrap=True, highlight=False, markup=False)

    def callbacks(phase: str) -> list[Any]:
        if not is_first:
            return []
        from spatialvlm.train.run_log import RunLog

        bars.append(ProgressBar(phase, "steps"))
        return [RunLog(config, phase, bars[-1])]

    try:
        train(config, say, callbacks)
    finally:
        for bar in bars:
            bar.close()
    return [f"model: {config.out}", f"report: {config.out / 'report.html'}"] if is_first else []
