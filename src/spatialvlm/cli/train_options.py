"""The options of `spatialvlm train`: their types and their help."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from spatialvlm.cli.options import Numbers

Data = Annotated[
    str, typer.Option(metavar="DATASET[,..]", help="Folders that `spatialvlm build` wrote, separated by commas.")
]
Base = Annotated[
    str, typer.Option(metavar="PATH_OR_ID", help="The vision-language model to begin with: a folder or ID[@REVISION].")
]
Out = Annotated[Path, typer.Option(metavar="DIR", help="The folder to write; a stopped run goes on there.")]
General = Annotated[
    str | None,
    typer.Option(metavar="DATA[,..]", help="Other data to mix in: JSONL files of messages, or sets of the hub."),
]
Share = Annotated[
    float | None, typer.Option(help="The share of all tokens that are spatial; by default 0.05 with --general, else 1.")
]
Stage = Annotated[
    Literal["sft", "grpo"],
    typer.Option(help="[bold]sft[/], from the answers, or [bold]grpo[/], by a reward of own tries."),
]
Steps = Annotated[int, typer.Option(min=1, help="Steps of the optimizer.")]
FrozenSteps = Annotated[int, typer.Option(min=0, help="So many steps before, with the vision tower frozen.")]
Vision = Annotated[
    Literal["trained", "frozen"],
    typer.Option(help="Whether the vision tower is [bold]trained[/] or [bold]frozen[/]."),
]
Rate = Annotated[float, typer.Option(metavar="RATE", help="The learning rate at its highest.")]
VisionRate = Annotated[
    float | None, typer.Option(metavar="RATE", help="That of the vision tower; by default the same.")
]
Lora = Annotated[int, typer.Option(min=0, metavar="RANK", help="Train adapters of this rank; 0: all weights.")]
AtOnce = Annotated[int, typer.Option(min=1, help="Images a process sees at once.")]
Accumulate = Annotated[int, typer.Option(min=1, help="Batches that make one step.")]
PerImage = Annotated[int, typer.Option(min=1, help="Questions asked at each visit to an image.")]
EvidenceWeight = Annotated[
    float, typer.Option(min=0, metavar="WEIGHT", help="How much names are taught to look at their objects; 0: not.")
]
LabelNoise = Annotated[
    float, typer.Option(min=0, metavar="SIGMA", help="Make lengths in answers wrong by this share; 0: not.")
]
OnlyKinds = Annotated[str | None, typer.Option(help="Ask only these kinds, separated by commas; by default as it was.")]
OtherMix = Annotated[
    Literal["paper", "all"] | None,
    typer.Option(help="The [bold]paper[/]'s 43 kinds, or [bold]all[/]; by default as it was."),
]
OtherNumbers = Annotated[
    Numbers | None,
    typer.Option(help="As [bold]people[/] say them, [bold]exact[/], or in [bold]meters[/]; by default as it was."),
]
Generations = Annotated[int, typer.Option(min=2, help="Of grpo: tries at each question.")]
Seed = Annotated[int, typer.Option(min=0, help="Decides the order of the data, and new weights.")]
Checkpointing = Annotated[
    bool, typer.Option("--activation-checkpointing", help="Compute activations twice to save memory.")
]
SaveEvery = Annotated[int, typer.Option(min=1, help="Steps from one checkpoint to the next.")]
LogEvery = Annotated[int, typer.Option(min=1, help="Steps from one line of the log to the next.")]
Loaders = Annotated[int, typer.Option(min=0, help="Processes that load data, for each that trains.")]
TensorBoard = Annotated[bool, typer.Option("--tensorboard", help="Write the log for TensorBoard too.")]
