"""The command: three families learn, whole or by adapters; a killed run goes on as if nothing had been; mistakes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("trl")
pytest.importorskip("peft")

import torch
import transformers
from safetensors.torch import load_file

from fixtures.models import tiny_chat

MAIN = "from spatialvlm.cli import main; main()"


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """As the command runs: sums must not depend on the number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def bases(tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("bases")
    return {name: tiny_chat.saved(getattr(tiny_chat, name)(), root / name) for name in ("idefics3", "llava")}


@pytest.fixture
def general(tmp_path) -> Path:
    chat = [{"role": "user", "content": "Say red."}, {"role": "assistant", "content": "Red."}]
    (tmp_path / "chat.jsonl").write_text((json.dumps({"messages": chat}) + "\n") * 40)
    return tmp_path / "chat.jsonl"


def options(stored, base, out, **more) -> list[str]:
    given = {"steps": 3, "lr": 1e-3, "batch-size": 2, "questions-per-image": 3, "log-every": 1, "device": "cpu"} | more
    words = ["train", "--data", str(stored), "--base", str(base), "--out", str(out)]
    for name, value in given.items():
        words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    return words


def figures(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def moved(base: Path, out: Path) -> dict[str, float]:
    """How far each weight went."""
    before, after = load_file(base / "model.safetensors"), load_file(out / "model.safetensors")
    return {name: float((after[name] - weight).abs().max()) for name, weight in before.items()}


def reloads(out: Path) -> None:
    model = transformers.AutoModelForImageTextToText.from_pretrained(out, local_files_only=True)
    processor = transformers.AutoProcessor.from_pretrained(out, local_files_only=True)
    assert processor.chat_template
    assert all(torch.isfinite(weight).all() for weight in model.parameters())


def test_all_weights_learn_and_the_tower_when_it_may(run, bases, stored, tmp_path):
    out, base = tmp_path / "out", bases["idefics3"]
    code, said, err = run(*options(stored, base, out, evidence=1.0, **{"frozen-steps": 2, "vision-lr": 1e-5}))
    assert code == 0, err
    assert said.splitlines() == [f"model: {out}", f"report: {out}/report.html"]
    far = moved(base, out)
    towers = [gone for name, gone in far.items() if "vision_model" in name and "weight" in name]
    others = [gone for name, gone in far.items() if "text_model.layers" in name]
    assert 0 < max(towers) < 1e-4 < 1e-3 < max(others)
    log = figures(out)
    assert [(entry["stage"], entry["step"]) for entry in log] == [
        ("frozen", 1),
        ("frozen", 2),
        *(("main", i) for i in (1, 2, 3)),
    ]
    assert all(entry["spatial_share"] == 1 and entry["pointing_loss"] > 0 for entry in log)
    reloads(out)
    assert json.loads((out / "config.json").read_text())["evidence"] == {"layer": 1, "heads": 2}
    card = (out / "README.md").read_text()
    assert "2 with the vision tower frozen, then 3 with it trained" in card
    assert "--evidence 1.0" in card
    assert "<svg" in (out / "report.html").read_text()
    assert not (out / "checkpoints").exists()
    assert run(*options(stored, base, out, evidence=1.0, **{"frozen-steps": 2, "vision-lr": 1e-5}))[0] == 0
    code, _, err = run(*options(stored, base, out, seed=4))
    assert code == 1
    assert "holds another run (frozen_steps was 2, is 0; " in err
    assert "seed was 0, is 4" in err


def test_adapters_learn_on_a_mixture_with_a_frozen_tower(run, bases, stored, general, tmp_path):
    out, base = tmp_path / "out", bases["llava"]
    more = {"lora": 4, "vision": "frozen", "general": general, "share": 0.5, "label-noise": 0.2, "steps": 8}
    code, _, err = run(*options(stored, base, out, **more, **{"activation-checkpointing": True}))
    assert code == 0, err
    far = moved(base, out)
    assert max(gone for name, gone in far.items() if "vision_tower" in name) == 0
    assert max(gone for name, gone in far.items() if "q_proj" in name and "vision" not in name) > 0
    assert figures(out)[-1]["spatial_share"] == pytest.approx(0.5, abs=0.15), "16 rows of very different length"
    assert "evidence" not in json.loads((out / "config.json").read_text())
    assert (out / "adapter" / "adapter_model.safetensors").exists()
    reloads(out)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:transformers")
def test_paligemma_learns_without_a_chat_template(run, stored, tmp_path):
    base = tiny_chat.saved(tiny_chat.paligemma(), tmp_path / "base")
    code, _, err = run(*options(stored, base, tmp_path / "out", evidence=1.0))
    assert code == 0, err
    assert "paligemma: cannot take several questions a row (its image sees the question); each row has one" in err
    assert max(moved(base, tmp_path / "out").values()) > 1e-3
    transformers.AutoModelForImageTextToText.from_pretrained(tmp_path / "out", local_files_only=True)
    code, _, err = run(
        *options(stored, base, tmp_path / "rewarded", stage="grpo", **{"batch-size": 4, "generations": 4})
    )
    assert code == 1
    assert "has no chat template, which --stage grpo needs" in err


def test_qwen_learns_where_its_processor_builds(run, stored, tmp_path):
    pytest.importorskip("torchvision")
    base = tiny_chat.saved(tiny_chat.qwen2_5_vl(), tmp_path / "base")
    code, _, err = run(*options(stored, base, tmp_path / "out", evidence=1.0, lora=4))
    assert code == 0, err
    reloads(tmp_path / "out")


@pytest.mark.slow
def test_a_killed_run_ends_as_one_that_was_not(run, bases, stored, general, tmp_path):
    more = {"general": general, "share": 0.6, "save-every": 2, "steps": 7, "evidence": 0.5, "accumulate": 2, "lora": 2}
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert run(*options(stored, bases["idefics3"], whole, **more))[0] == 0
    command = options(stored, bases["idefics3"], killed, **more)
    process = subprocess.Popen([sys.executable, "-c", MAIN, *command], env=os.environ | {"OMP_NUM_THREADS": "1"})
    place = killed / "checkpoints" / "main" / "checkpoint-4" / "data-0.json"
    while not place.exists():
        assert process.poll() is None, "ended before it was killed"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    torn = killed / "checkpoints" / "main" / "checkpoint-6"
    torn.mkdir(exist_ok=True)
    (torn / "data-0.json").unlink(missing_ok=True)  # as if it had been killed while it wrote
    code, _, err = run(*command)
    assert code == 0, err
    assert "going on after step 4 of 7" in err
    for name in ("model.safetensors", "adapter/adapter_model.safetensors"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes()
    losses = {(entry["stage"], entry["step"]): entry["loss"] for entry in figures(killed)}
    assert losses == {(entry["stage"], entry["step"]): entry["loss"] for entry in figures(whole)}


@pytest.mark.slow
def test_two_processes_share_the_data_and_the_model(bases, stored, tmp_path):
    out = tmp_path / "out"
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", "--no-python"]
    command = [sys.executable, "-c", MAIN, *options(stored, bases["idefics3"], out, evidence=1.0, steps=2)]
    done = subprocess.run(
        [*launch, *command], env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines() == [f"model: {out}", f"report: {out}/report.html"]
    assert [entry["step"] for entry in figures(out)] == [1, 2]
    reloads(out)


def test_rewards_train_three_steps(run, bases, stored, tmp_path):
    out = tmp_path / "out"
    more = {"stage": "grpo", "generations": 4, "batch-size": 4}
    code, _, err = run(*options(stored, bases["idefics3"], out, **more))
    assert code == 0, err
    assert [entry["step"] for entry in figures(out)] == [1, 2, 3]
    assert all(0 <= entry["reward"] <= 1 for entry in figures(out))
    reloads(out)
    code, _, err = run(*options(stored, bases["idefics3"], tmp_path / "other", **more | {"generations": 3}))
    assert code == 1
    assert "generations 3: do not divide the 4 tries of a step" in err


def test_pointing_is_learnt(run, bases, stored, tmp_path):
    out = tmp_path / "out"
    assert run(*options(stored, bases["idefics3"], out, evidence=1.0, steps=12, lr=2e-2))[0] == 0
    first, *_, last = [entry["pointing_loss"] for entry in figures(out)]
    assert last < 0.85 * first


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"base": "nobody/nothing"}, "weights 'nobody/nothing' of base"),
        ({"base": "./nowhere"}, "weights './nowhere' of base: no such file or folder here"),
        ({"share": 0.5}, "share 0.5: the rest has to come from general data"),
        ({"general": "lost.jsonl"}, "general data 'lost.jsonl': no such file"),
        ({"kinds": "camera_height", "evidence": 1.0}, "names an object that is in sight; train without --evidence"),
    ],
)
def test_mistakes_are_said_before_anything_is_trained(run, bases, stored, tmp_path, monkeypatch, more, message):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    given = {"base": bases["idefics3"]} | more
    code, out, err = run(*options(stored, given.pop("base"), tmp_path / "out", **given))
    assert (code, out) == (1, "")
    assert message in err
    assert "Traceback" not in err


def test_a_folder_of_others_is_left_alone(run, bases, stored, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    code, _, err = run(*options(stored, bases["idefics3"], tmp_path))
    assert code == 1
    assert "holds something that no training wrote" in err


def test_memory_that_runs_out_is_said(run, bases, stored, tmp_path, monkeypatch):
    def full(*_, **__):
        raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr("trl.SFTTrainer.compute_loss", full)
    code, _, err = run(*options(stored, bases["idefics3"], tmp_path / "out"))
    assert code == 1
    assert "memory ran out with 2 rows at once: lower --batch-size" in err
