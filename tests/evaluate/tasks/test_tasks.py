"""What holds for every benchmark; a new one is a row in TASKS, and then all of this must hold for it too."""

from pathlib import Path

import pytest

from spatialvlm.errors import UserError
from spatialvlm.evaluate.tasks import TASKS, load_task
from spatialvlm.evaluate.tasks.data import locate
from spatialvlm.models.weights import is_commit

FOLDER = Path(__file__).parents[3] / "src" / "spatialvlm" / "evaluate" / "tasks"
NO_TASK = {"workbook", "__init__", "cells", "data", "dataset_items", "task", "line_truths"}
"""Modules that several tasks share."""


def test_every_file_is_a_task_and_every_task_a_file():
    assert {path.stem for path in FOLDER.glob("*.py")} - NO_TASK == set(TASKS)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_says_what_it_is(name: str):
    task = load_task(name)
    assert task.name == name
    assert len(task.asks) > 20
    assert task.source
    if task.hub is not None:
        assert task.hub.repo.count("/") == 1
        assert task.hub.patterns
        assert task.hub.licence
        assert task.licence
        assert is_commit(task.hub.revision) or task.hub.revision == "main"


@pytest.mark.parametrize("name", [name for name in TASKS if load_task(name).hub is not None])
def test_data_that_cannot_be_had_are_a_clear_error(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    constants = pytest.importorskip("huggingface_hub.constants")  # which read the environment when they were imported
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    hub = load_task(name).hub
    assert hub is not None
    with pytest.raises(UserError, match=r"hf download --repo-type dataset .* --data|hf download --repo-type dataset"):
        locate(hub)
    with pytest.raises(UserError, match=r"no file or folder .*nowhere'; get it where there is a network: hf download"):
        locate(hub, tmp_path / "nowhere")


@pytest.mark.parametrize("name", TASKS)
def test_a_folder_of_anything_else_is_a_clear_error(name: str, tmp_path: Path):
    (tmp_path / "notes.txt").write_text("nothing to see")
    with pytest.raises(UserError):
        list(load_task(name).items(tmp_path))


def test_an_unknown_task_names_the_nearest():
    with pytest.raises(UserError, match="did you mean 'qspatial'"):
        load_task("q_spatial")
