"""train: datasets and a vision-language model -> the same model that learnt space, from answers or by rewards.

    train_config   all that decides a run            learner    the base, loaded to be trained
    training       a run from beginning to end; training_console shows it
    mixture        sources -> rows, by share of tokens; where a run was is a state
    spatial_rows   scenes -> rows, with other questions each time; label_noise makes lengths wrong on purpose,
                   rewording smudges questions and shortens answers
    general_rows   messages -> rows
    encoding       conversations -> rows, by a model's processor; image_grids: where its image tokens are
    packing        several questions about one image in a row; packing_check: whether a model takes them
    batches        rows -> tensors
    evidence       what names are taught: where to look, how far and how large; model_parts: where that is in a model
    trainer        trl's SFTTrainer on these batches; rewarding its GRPOTrainer on the same questions
    run_folder, run_log, model_card   what a run leaves

`mixture`, `packing`, `label_noise` and the grids are plain functions over arrays, without torch: a model of one's own,
with its own loop, trains on the same rows. Importing this costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spatialvlm.train.mixture import Mixture, MixtureState
    from spatialvlm.train.packing import Segment, TokenRow, allowed, pack
    from spatialvlm.train.train_config import TrainConfig
    from spatialvlm.train.training import train
    from spatialvlm.train.training_console import train_with_progress

__all__ = [
    "Mixture",
    "MixtureState",
    "Segment",
    "TokenRow",
    "TrainConfig",
    "allowed",
    "pack",
    "train",
    "train_with_progress",
]


def __getattr__(name: str) -> Any:
    match name:
        case "Mixture" | "MixtureState":
            module = "mixture"
        case "Segment" | "TokenRow" | "allowed" | "pack":
            module = "packing"
        case "TrainConfig":
            module = "train_config"
        case "train":
            module = "training"
        case "train_with_progress":
            module = "training_console"
        case _:
            raise AttributeError(f"module 'spatialvlm.train' has no attribute {name!r}")
    return getattr(import_module(f"spatialvlm.train.{module}"), name)
