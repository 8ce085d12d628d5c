"""What a run leaves for people: a page with its curves, and a card beside the weights."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from spatialvlm import page
from spatialvlm.dataset import write_file
from spatialvlm.train.run_folder import RunFolder
from spatialvlm.train.train_config import TrainConfig

SHOWN = {
    "loss": "Loss",
    "answer_loss": "Loss of answers",
    "mean_token_accuracy": "Share of answer tokens that were the likeliest",
    "pointing": "Share of names that look at their object",
    "pointing_loss": "Loss of pointing",
    "reading_loss": "Loss of distance, sizes and bearing",
    "spatial_share": "Share of tokens that are spatial",
    "reward": "Reward",
}
"""What is drawn of a log, and how it is called."""

Points = list[tuple[float, float]]


def curves(entries: Sequence[Mapping[str, Any]]) -> dict[str, Points]:
    """Return what of a log can be drawn: by name, value over step, the stages one behind the other."""
    found: dict[str, Points] = {}
    before, last, stage = 0, 0, None
    for entry in entries:
        if entry["stage"] != stage:
            before, stage = last, entry["stage"]
        last = before + int(entry["step"])
        for name in SHOWN:
            if isinstance(value := entry.get(name), int | float):
                found.setdefault(name, []).append((float(last), float(value)))
    return found


def write_report(folder: RunFolder, config: TrainConfig) -> None:
    """Write report.html: the curves of a run so far."""
    drawn = curves(folder.entries())
    charts = {SHOWN[name]: _chart(points) for name, points in drawn.items()}
    last = {name: points[-1] for name, points in drawn.items()}
    text = page.document(
        title=f"Training {folder.path.name}",
        over="spatialvlm train",
        headline=folder.path.name,
        lead=f"{config.base}, trained on {', '.join((*config.data, *config.general))}.",
        tiles=[(f"{value:.3g}", SHOWN[name].lower()) for name, (_, value) in last.items()],
        sections=[
            page.section("Curves", "Over the steps of the optimizer.", page.panels(charts)),
            page.section("Settings", "What the run was started with.", page.settings(config.to_json().items())),
        ],
        footer="Figures of training data; what a model can do, `spatialvlm evaluate` measures.",
    )
    write_file(folder.path / "report.html", lambda file: file.write(text.encode()))


def _chart(points: Points) -> page.Markup:
    values = [value for _, value in points]
    low, high = min(values), max(values)
    across = page.linear(0.0, max(points[-1][0], 1.0), lambda step: f"{step:,.0f}", finest=1.0, label="step")
    up = page.linear(min(low, 0.0), max(high, low + 1e-6), lambda value: f"{value:.3g}")
    return page.plot(across, up, [page.Curve(points, "median")], width=page.WIDE // 2)


def write_card(folder: RunFolder, config: TrainConfig, skipped: Mapping[str, int]) -> None:
    """Write README.md beside the weights: data, shares, seeds, loss, and the command that made them."""
    last = {name: points[-1][1] for name, points in curves(folder.entries()).items()}
    lines = [
        "---",
        "library_name: transformers",
        "pipeline_tag: image-text-to-text",
        *(["base_model: " + config.base] if config.base.count("/") == 1 and config.base[0] not in "./~" else []),
        "tags: [spatialvlm, spatial-reasoning]",
        "---",
        f"# {folder.path.name}",
        f"`{config.base}`, trained by `spatialvlm train` ({_kind(config)}).",
        "",
        "| | |",
        "| --- | --- |",
        f"| spatial data | {', '.join(config.data)} |",
        f"| general data | {', '.join(config.general) or 'none'} |",
        f"| spatial share of tokens | {config.spatial_share:g} wanted, {last.get('spatial_share', 1.0):.4f} met |",
        f"| steps | {config.frozen_steps} with the vision tower frozen, then {config.steps} with it {config.vision} |",
        f"| rows a step | {config.batch_size} x {config.accumulate} a process |",
        f"| learning rate | {config.learning_rate:g}, vision tower {_vision_rate(config):g} |",
        f"| evidence, label noise | {config.evidence:g}, {config.label_noise:g} |",
        f"| seed | {config.seed} |",
        *(f"| last {SHOWN[name].lower()} | {value:.4g} |" for name, value in last.items() if name != "spatial_share"),
        *(f"| left out: {reason} | {count} |" for reason, count in skipped.items()),
        "",
        "Made by",
        "",
        f"    {command_of(config)}",
        "",
        "Figures are of training data. `spatialvlm evaluate transformers:DIR --task rooms` measures what it can do.",
    ]
    text = "\n".join(lines) + "\n"
    write_file(folder.path / "README.md", lambda file: file.write(text.encode()))


def _kind(config: TrainConfig) -> str:
    weights = f"adapters of rank {config.lora}" if config.lora else "all weights"
    return f"{config.stage}, {weights}"


def _vision_rate(config: TrainConfig) -> float:
    return config.learning_rate if config.vision_learning_rate is None else config.vision_learning_rate


OPTIONS = {
    "general": "--general",
    "share": "--share",
    "stage": "--stage",
    "steps": "--steps",
    "frozen_steps": "--frozen-steps",
    "vision": "--vision",
    "learning_rate": "--lr",
    "vision_learning_rate": "--vision-lr",
    "lora": "--lora",
    "batch_size": "--batch-size",
    "accumulate": "--accumulate",
    "questions_per_image": "--questions-per-image",
    "evidence": "--evidence",
    "label_noise": "--label-noise",
    "kinds": "--kinds",
    "mix": "--mix",
    "numbers": "--numbers",
    "seed": "--seed",
    "generations": "--generations",
    "precision": "--precision",
}
"""The options of the command line by the setting that each sets, of those that decide what comes out."""


def command_of(config: TrainConfig) -> str:
    """Return the command that makes a run like this one; settings at their default are left out."""
    default = TrainConfig(config.data, config.base, config.out, general=config.general)
    words = ["spatialvlm", "train", "--data", ",".join(config.data), "--base", config.base, "--out", str(config.out)]
    for name, option in OPTIONS.items():
        value = getattr(config, name)
        if value != getattr(default, name) or (name == "general" and value):
            words += [option, ",".join(value) if isinstance(value, tuple) else f"{value}"]
    return shlex.join(words)
