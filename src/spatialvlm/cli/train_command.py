"""The command that trains: `spatialvlm train`; thin as the others."""

import typer

from spatialvlm.cli import train_options as of
from spatialvlm.cli.options import Device, Precision

app = typer.Typer()


@app.command(epilog="Example: [bold]spatialvlm train --data demo --base Qwen/Qwen3-VL-2B-Instruct --out model[/]")
def train(
    data: of.Data,
    base: of.Base,
    out: of.Out,
    general: of.General = None,
    share: of.Share = None,
    stage: of.Stage = "sft",
    steps: of.Steps = 1000,
    frozen_steps: of.FrozenSteps = 0,
    vision: of.Vision = "trained",
    lr: of.Rate = 2e-5,
    vision_lr: of.VisionRate = None,
    lora: of.Lora = 0,
    batch_size: of.AtOnce = 4,
    accumulate: of.Accumulate = 1,
    questions_per_image: of.PerImage = 8,
    evidence: of.EvidenceWeight = 0.0,
    label_noise: of.LabelNoise = 0.0,
    kinds: of.OnlyKinds = None,
    mix: of.OtherMix = None,
    numbers: of.OtherNumbers = None,
    generations: of.Generations = 8,
    seed: of.Seed = 0,
    activation_checkpointing: of.Checkpointing = False,
    save_every: of.SaveEvery = 500,
    log_every: of.LogEvery = 10,
    workers: of.Loaders = 0,
    tensorboard: of.TensorBoard = False,
    device: Device = "auto",
    precision: Precision = "auto",
) -> None:
    """Train a vision-language model on scenes that are asked anew each time, mixed with general data by tokens."""
    from spatialvlm.train import TrainConfig, train_with_progress

    config = TrainConfig(
        data=_names(data), base=base, out=out, general=_names(general or ""), share=share, stage=stage, steps=steps,
        frozen_steps=frozen_steps, vision=vision, learning_rate=lr, vision_learning_rate=vision_lr, lora=lora,
        batch_size=batch_size, accumulate=accumulate, questions_per_image=questions_per_image, evidence=evidence,
        label_noise=label_noise, kinds=_names(kinds) if kinds else None, mix=mix, numbers=numbers, seed=seed,
        generations=generations, activation_checkpointing=activation_checkpointing, save_every=save_every,
        log_every=log_every, workers=workers, tensorboard=tensorboard, device=device, precision=precision,
    )  # fmt: skip
    for line in train_with_progress(config):
        print(line)


def _names(text: str) -> tuple[str, ...]:
    """Return the names in a list with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
