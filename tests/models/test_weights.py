"""Weights by name: what people type, what is here, what the hub has, and what is nowhere."""

from pathlib import Path

import pytest

from spatialvlm.errors import UserError
from spatialvlm.models import Model, locate, parse_model
from spatialvlm.models.weights import is_commit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("depthpro:apple/DepthPro-hf", Model("depthpro", "apple/DepthPro-hf")),
        (f"sam:facebook/sam2.1-hiera-tiny@{COMMIT}", Model("sam", "facebook/sam2.1-hiera-tiny", COMMIT)),
        ("yolox:models/yolox_s.onnx", Model("yolox", "models/yolox_s.onnx")),
        ("openai:http://localhost:8000/v1#qwen", Model("openai", "http://localhost:8000/v1#qwen")),
    ],
)
def test_models_are_read_from_text_and_said_alike(text, model):
    assert parse_model(text) == model
    assert str(model) == text


@pytest.mark.parametrize("text", ["", "depthpro", "depthpro:", ":weights"])
def test_what_is_no_model_says_so(text):
    with pytest.raises(UserError, match=r"expected BACKEND:WEIGHTS\[@REVISION\]"):
        parse_model(text)


def test_a_file_name_with_an_at_is_a_file(tmp_path):
    path = tmp_path / "net@2x.onnx"
    path.write_bytes(b"x")
    assert parse_model(f"onnx:{path}") == Model("onnx", str(path))


def test_local_weights_have_a_version_that_changes_with_them(tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"\0" * (3 << 20))
    first = locate(Model("depthpro", str(folder)))
    assert (first.path, first.name) == (folder, "weights")
    assert first.version.startswith("sha256:")
    assert locate(Model("depthpro", str(folder))) == first
    (folder / "config.json").write_text('{"a": 1}')
    assert locate(Model("depthpro", str(folder))).version != first.version


@pytest.mark.parametrize("weights", ["/nowhere/weights", "./weights", "models/yolox_s.onnx", "weights", "a/b/c"])
def test_a_path_that_is_not_there_is_no_hub_id(weights):
    with pytest.raises(UserError, match="no such file or folder here, and no hub id either; docs/recipes"):
        locate(Model("yolox", weights))


def snapshot(cache: Path, commit: str) -> Path:
    """What the hub's client leaves on the disk of one commit of a repository."""
    folder = cache / "models--some--weights" / "snapshots" / commit
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    refs = cache / "models--some--weights" / "refs"
    refs.mkdir()
    (refs / "main").write_text(commit)
    return folder


def test_weights_of_the_hub_that_are_here_have_their_commit(tmp_path, monkeypatch):
    pytest.importorskip("huggingface_hub")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    folder = snapshot(tmp_path, COMMIT)
    for revision in (None, "main", COMMIT):
        found = locate(Model("depthpro", "some/weights", revision))
        assert (found.path.resolve(), found.name, found.version) == (folder.resolve(), "some/weights", COMMIT)


def test_weights_that_are_nowhere_name_the_command_that_gets_them(tmp_path, monkeypatch):
    pytest.importorskip("huggingface_hub")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match=f"hf download some/weights --revision {COMMIT}, or give a local folder"):
        locate(Model("depthpro", "some/weights", COMMIT))


def test_only_whole_commits_are_commits():
    assert is_commit(COMMIT)
    assert not any(map(is_commit, (None, "main", "v1.0", COMMIT[:39], COMMIT.upper(), "g" * 40)))
