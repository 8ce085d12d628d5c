"""The command that trains: `spatialvlm train`; thin as the others."""

from pathlib import Path
from typing import Annotated

import typer

from spatialvlm.cli.options import Device, Mix, Numbers, Precision, TrainStage, VisionTower

app = typer.Typer()


@app.command(epilog="Example: [bold]spatialvlm train --data demo --base Qwen/Qwen3-VL-2B-Instruct --out model[/]")
def train(
    data: Annotated[
        str, typer.Option(metavar="DATASET[,..]", help="Folders that `spatialvlm build` wrote, separated by commas.")
    ],
    base: Annotated[
        str,
        typer.Option(metavar="PATH_OR_ID", help="The vision-language model to begin with: a folder or ID[@REVISION]."),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write; a stopped run goes on there.")],
    general: Annotated[
        str | None,
        typer.Option(
            metavar="DATA[,..]", help="Other data to mix in: JSONL files of messages, or sets of the hub, by commas."
        ),
    ] = None,
    share: Annotated[
        float | None,
        typer.Option(help="The share of all tokens that are spatial; by default 0.05 with --general, else 1."),
    ] = None,
    stage: Annotated[
        TrainStage, typer.Option(help="[bold]sft[/], from the answers, or [bold]grpo[/], by a reward of own tries.")
    ] = "sft",
    steps: Annotated[int, typer.Option(min=1, help="Steps of the optimizer.")] = 1000,
    frozen_steps: Annotated[int, typer.Option(min=0, help="So many steps before, with the vision tower frozen.")] = 0,
    vision: Annotated[
        VisionTower, typer.Option(help="Whether the vision tower is [bold]trained[/] or [bold]frozen[/].")
    ] = "trained",
    lr: Annotated[float, typer.Option(metavar="RATE", help="The learning rate at its highest.")] = 2e-5,
    vision_lr: Annotated[
        float | None, typer.Option(metavar="RATE", help="That of the vision tower; by default the same.")
    ] = None,
    lora: Annotated[int, typer.Option(min=0, metavar="RANK", help="Train adapters of this rank; 0: all weights.")] = 0,
    batch_size: Annotated[int, typer.Option(min=1, help="Images a process sees at once.")] = 4,
    accumulate: Annotated[int, typer.Option(min=1, help="Batches that make one step.")] = 1,
    questions_per_image: Annotated[int, typer.Option(min=1, help="Questions asked at each visit to an image.")] = 8,
    evidence: Annotated[
        float,
        typer.Option(min=0, metavar="WEIGHT", help="How much names are taught to look at their objects; 0: not."),
    ] = 0.0,
    label_noise: Annotated[
        float, typer.Option(min=0, metavar="SIGMA", help="Make lengths in answers wrong by this share; 0: not.")
    ] = 0.0,
    kinds: Annotated[
        str | None, typer.Option(help="Ask only these kinds, separated by commas; by default as it was.")
    ] = None,
    mix: Annotated[
        Mix | None, typer.Option(help="The [bold]paper[/]'s 43 kinds, or [bold]all[/]; by default as it was.")
    ] = None,
    numbers: Annotated[
        Numbers | None, typer.Option(help="As [bold]people[/] say them, or [bold]exact[/]; by default as it was.")
    ] = None,
    generations: Annotated[int, typer.Option(min=2, help="Of grpo: tries at each question.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Decides the order of the data, and new weights.")] = 0,
    activation_checkpointing: Annotated[
        bool, typer.Option("--activation-checkpointing", help="Compute activations twice to save memory.")
    ] = False,
    save_every: Annotated[int, typer.Option(min=1, help="Steps from one checkpoint to the next.")] = 500,
    log_every: Annotated[int, typer.Option(min=1, help="Steps from one line of the log to the next.")] = 10,
    workers: Annotated[int, typer.Option(min=0, help="Processes that load data, for each that trains.")] = 0,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="Write the log for TensorBoard too.")] = False,
    device: Device = "auto",
    precision: Precision = "auto",
) -> None:
    """Train a vision-language model on scenes that are asked anew each time, mixed with general data by tokens."""
    from spatialvlm.train import TrainConfig, train_with_progress

    config = TrainConfig(
        data=_names(data),
        base=base,
        out=out,
        stage=stage,
        general=_names(general or ""),
        share=share,
        steps=steps,
        frozen_steps=frozen_steps,
        vision=vision,
        learning_rate=lr,
        vision_learning_rate=vision_lr,
        lora=lora,
        batch_size=batch_size,
        accumulate=accumulate,
        questions_per_image=questions_per_image,
        evidence=evidence,
        label_noise=label_noise,
        kinds=_names(kinds) if kinds is not None else None,
        mix=mix,
        numbers=numbers,
        seed=seed,
        generations=generations,
        activation_checkpointing=activation_checkpointing,
        precision=precision,
        device=device,
        save_every=save_every,
        log_every=log_every,
        workers=workers,
        tensorboard=tensorboard,
    )
    for line in train_with_progress(config):
        print(line)


def _names(text: str) -> tuple[str, ...]:
    """Return the names in a list with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
