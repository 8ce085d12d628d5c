"""What the command line offers: its commands, their options and defaults, and what `--help` says of them."""

import re

import pytest
from typer.testing import CliRunner, Result

from spatialvlm.cli import app

FLAGS = {
    "answer": {
        "--model": None,
        "--samples": 1,
        "--temperature": None,
        "--seed": 0,
        "--point": None,
        "--words": None,
        "--json": False,
        "--device": "auto",
        "--precision": "auto",
        "--help": False,
    },
    "build": {
        "--out": None,
        "--as": None,
        "--recipe": None,
        "--model": None,
        "--seed": 0,
        "--limit": None,
        "--workers": 1,
        "--questions-per-image": 20,
        "--detector": None,
        "--prompts": None,
        "--camera-height": None,
        "--known": None,
        "--fov": None,
        "--depth-errors": None,
        "--kinds": None,
        "--mix": None,
        "--numbers": "people",
        "--ways": None,
        "--refer": None,
        "--coordinates": None,
        "--balance": None,
        "--shard-size": None,
        "--every": 1.0,
        "--sharpest": False,
        "--size": "640x480",
        "--spp": 16,
        "--device": "auto",
        "--precision": "auto",
        "--batch-size": 8,
        "--help": False,
    },
    "calibrate": {
        "--out": None,
        "--as": None,
        "--recipe": "photos",
        "--model": None,
        "--limit": None,
        "--device": "auto",
        "--precision": "auto",
        "--batch-size": 8,
        "--help": False,
    },
    "evaluate": {
        "--task": None,
        "--out": None,
        "--data": None,
        "--limit": None,
        "--base-url": None,
        "--max-tokens": 1024,
        "--at-once": 8,
        "--timeout": 120,
        "--retries": 6,
        "--coordinates": None,
        "--device": "auto",
        "--precision": "auto",
        "--batch-size": 8,
        "--help": False,
    },
    "train": {
        "--data": None,
        "--base": None,
        "--out": None,
        "--general": None,
        "--share": None,
        "--stage": "sft",
        "--steps": 1000,
        "--frozen-steps": 0,
        "--vision": "trained",
        "--lr": 2e-5,
        "--vision-lr": None,
        "--lora": 0,
        "--batch-size": 4,
        "--accumulate": 1,
        "--questions-per-image": 8,
        "--evidence": 0.0,
        "--label-noise": 0.0,
        "--kinds": None,
        "--mix": None,
        "--numbers": None,
        "--generations": 8,
        "--seed": 0,
        "--activation-checkpointing": False,
        "--save-every": 500,
        "--log-every": 10,
        "--workers": 0,
        "--tensorboard": False,
        "--device": "auto",
        "--precision": "auto",
        "--help": False,
    },
    "compare": {"--out": None, "--help": False},
    "items": {"--to": None, "--out": None, "--data": None, "--limit": None, "--help": False},
    "annotate": {
        "--out": None,
        "--annotator": None,
        "--seed": 0,
        "--limit": None,
        "--port": 8765,
        "--agreement": False,
        "--help": False,
    },
    "ask": {
        "--out": None,
        "--seed": None,
        "--epochs": 1,
        "--questions-per-image": None,
        "--kinds": None,
        "--mix": None,
        "--numbers": None,
        "--ways": None,
        "--refer": None,
        "--coordinates": None,
        "--balance": None,
        "--workers": 1,
        "--help": False,
    },
    "audit": {
        "--rooms": None,
        "--out": None,
        "--seed": 0,
        "--presets": None,
        "--size": "640x480",
        "--workers": 1,
        "--help": False,
    },
    "benchmark": {"--out": None, "--limit": None, "--workers": 1, "--help": False},
    "chains": {
        "--out": None,
        "--per-scene": 8,
        "--style": "long",
        "--think": False,
        "--seed": 0,
        "--help": False,
    },
    "export": {"--to": None, "--out": None, "--per": "image", "--help": False},
    "inspect": {"--as": None, "--png": None, "--help": False},
    "mcp": {
        "--root": None,
        "--http": False,
        "--host": "127.0.0.1",
        "--port": 8001,
        "--api-key": None,
        "--no-key": False,
        "--vlm": None,
        "--recipe": None,
        "--device": "auto",
        "--precision": "auto",
        "--help": False,
    },
    "questions": {"--help": False},
    "reason": {
        "--llm": None,
        "--mode": None,
        "--vlm": None,
        "--recipe": None,
        "--model": None,
        "--known": None,
        "--trace": None,
        "--picture": None,
        "--json": False,
        "--device": "auto",
        "--precision": "auto",
        "--help": False,
    },
    "reward": {
        "--task": None,
        "--out": None,
        "--between": None,
        "--source": None,
        "--measure": "distance",
        "--vlm": None,
        "--samples": 4,
        "--every": 1,
        "--fps": 10.0,
        "--sequence": None,
        "--camera": None,
        "--moving-camera": False,
        "--shaping": "shaped",
        "--gamma": 1.0,
        "--threshold": 0.05,
        "--hold": 3,
        "--overlay": False,
        "--heat-map": None,
        "--copy": None,
        "--recipe": None,
        "--model": None,
        "--known": None,
        "--device": "auto",
        "--precision": "auto",
        "--help": False,
    },
    "reward-bench": {
        "--out": None,
        "--episodes": 10,
        "--frames": 20,
        "--sources": "geometry,clock,random",
        "--size": "320x240",
        "--seed": 0,
        "--help": False,
    },
    "serve": {
        "--model": None,
        "--host": "127.0.0.1",
        "--port": 8000,
        "--api-key": None,
        "--no-key": False,
        "--name": None,
        "--max-images": 8,
        "--max-image-mib": 10,
        "--max-megapixels": 32,
        "--max-body-mib": 32,
        "--max-characters": 32000,
        "--timeout": 120,
        "--max-requests": 64,
        "--device": "auto",
        "--precision": "auto",
        "--batch-size": 8,
        "--help": False,
    },
    "show": {"--png": None, "--help": False},
}
"""Every option and its default. People's scripts rest on these: adding is free, changing is not."""


def plain(result: Result) -> str:
    """The help on one line, without frames and colours."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╭╮╰╯─]", " ", result.output).split())


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_names_every_option_and_has_an_example(name, flag):
    result = CliRunner().invoke(app, [name, flag], env={"COLUMNS": "100"})
    assert result.exit_code == 0
    text = plain(result)
    assert set(re.findall(r"--[a-z-]+", text)) == set(FLAGS[name])
    assert f"Example: spatialvlm {name}" in text
    opening = re.split("Arguments|Options", text.split("Usage:")[1].split("[OPTIONS]")[1])[0]
    assert len(opening) > 50, "says in a sentence what it does"


def test_flags_and_defaults_are_frozen():
    from typer.main import get_command

    commands = get_command(app).commands
    found = {
        name: {f: p.default for p in command.params for f in p.opts if f.startswith("--")}
        for name, command in commands.items()
    }
    expected = {name: {f: d for f, d in flags.items() if f != "--help"} for name, flags in FLAGS.items()}
    assert {name: set(flags) for name, flags in found.items()} == {name: set(f) for name, f in expected.items()}
    assert {f: d for f, d in found["build"].items() if f != "--out"} == {
        f: d for f, d in expected["build"].items() if f != "--out"
    }


def test_help_of_the_whole(run):
    for arguments in (["--help"], ["-h"]):
        code, out, err = run(*arguments)
        assert (code, err) == (0, "")
        assert all(name in out for name in FLAGS)
    assert run()[0] == 2


def test_examples_in_help_are_commands_that_exist():
    for name in FLAGS:
        example = plain(CliRunner().invoke(app, [name, "-h"])).split("Example: ")[1].split()
        assert example[:2] == ["spatialvlm", name]
        assert {word for word in example if word.startswith("--")} <= set(FLAGS[name])
