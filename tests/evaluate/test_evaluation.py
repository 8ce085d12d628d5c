"""Whole runs by the command line: the folder, the tables, the same bytes twice; and by inspect_ai's own command."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spatialvlm.cli import app
from spatialvlm.errors import DatasetError
from spatialvlm.evaluate.results import from_row, read_results, to_row
from spatialvlm.evaluate.tasks import load_task

Run = Callable[..., tuple[int, str, str]]


def evaluated(run: Run, out: Path, data: Path, model: str = "geometry", **options: object) -> str:
    extra = [part for name, value in options.items() for part in (f"--{name}", value)]
    code, printed, errors = run("evaluate", model, "--task", "folder", "--data", f"folder={data}", "--out", out, *extra)
    assert code == 0, errors
    return printed


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_run_leaves_answers_scores_figures_and_a_page(run: Run, shapes: Path, tmp_path: Path):
    printed = evaluated(run, tmp_path / "out", shapes, limit=60)
    assert "geometry" in printed
    assert "folder" in printed
    assert f"page: {tmp_path / 'out' / 'index.html'}" in printed
    results = read_results(tmp_path / "out")
    (task,) = results.run.tasks
    assert (task.items, task.limit, task.track, task.parser) == (60, 60, "scene", "robust-4")
    assert results.run.model == "geometry"
    assert len(results.scored["folder"]) == 60
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["tasks"]["folder"]["n"] == 60
    pictures = {picture for one in results.scored["folder"] for picture in one.item.pictures}
    assert pictures
    assert all(isinstance(picture, Path) and picture.is_file() for picture in pictures)


def test_the_same_inputs_give_the_same_bytes(run: Run, shapes: Path, tmp_path: Path):
    evaluated(run, tmp_path / "one", shapes, "prior", limit=200)
    evaluated(run, tmp_path / "two", shapes, "prior", limit=200)
    evaluated(run, tmp_path / "one", shapes, "prior", limit=200)  # over an earlier run
    first, second = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert first == second
    assert not any(str(tmp_path).encode() in data for data in first.values()), "no path of this machine"


def test_rows_survive_json(run: Run, shapes: Path, tmp_path: Path):
    evaluated(run, tmp_path / "out", shapes, limit=200)
    for one in read_results(tmp_path / "out").scored["folder"]:
        row = json.dumps(to_row(one, tmp_path / "out"))
        assert json.dumps(to_row(from_row(json.loads(row), tmp_path / "out"), tmp_path / "out")) == row


def test_two_runs_are_compared_on_the_items_of_both(run: Run, shapes: Path, tmp_path: Path):
    evaluated(run, tmp_path / "geometry", shapes)
    evaluated(run, tmp_path / "prior", shapes, "prior", limit=480)
    page = tmp_path / "compared.html"
    code, printed, errors = run("compare", tmp_path / "geometry", tmp_path / "prior", "--out", page)
    assert code == 0, errors
    assert "geometry is better" in printed
    assert page.read_text().startswith("<!doctype html>")


def test_what_cannot_be_read_back_says_why(run: Run, shapes: Path, tmp_path: Path):
    with pytest.raises(DatasetError, match=r"no run\.json; expected a folder that `spatialvlm evaluate` wrote"):
        read_results(tmp_path)
    evaluated(run, tmp_path / "out", shapes, limit=10)
    rows = (tmp_path / "out" / "folder.jsonl").read_text().splitlines()
    (tmp_path / "out" / "folder.jsonl").write_text("\n".join(rows[:-1]))
    with pytest.raises(DatasetError, match="got 9 items, expected 10"):
        read_results(tmp_path / "out")
    (tmp_path / "out" / "folder.jsonl").write_text("nonsense")
    with pytest.raises(DatasetError, match="damaged"):
        read_results(tmp_path / "out")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["geometry", "--task", "rumes"], "task 'rumes': unknown; did you mean 'rooms'?"),
        (["geometry", "--task", ","], "names no task"),
        (["geometry", "--task", "folder"], "needs to know where its data are; say --data folder=PATH"),
        (["geometry", "--task", "rooms", "--data", "rooms"], "expected TASK=PATH"),
        (["geometry", "--task", "rooms", "--data", "rooms=nowhere"], "no file or folder 'nowhere'; make it"),
        (["geometry", "--task", "rooms", "--data", "vsr=."], "no task of this run"),
        (["geometry:nowhere", "--task", "folder", "--data", "folder=."], "needs the stored scenes"),
    ],
)
def test_wrong_use_is_a_clear_error(run: Run, arguments: list[str], message: str, tmp_path: Path):
    code, _, errors = run("evaluate", *arguments, "--out", tmp_path / "out")
    assert code == 1
    assert message in errors
    assert "Traceback" not in errors


def captions(folder: Path, pictures: list[bytes | None]) -> Path:
    """A benchmark in the layout of VSR, whose pictures may be missing (None) or damaged."""
    folder.mkdir()
    lines = []
    for place, data in enumerate(pictures):
        if data is not None:
            (folder / f"{place}.png").write_bytes(data)
        row = {"image": f"{place}.png", "caption": f"The cat is at {place}.", "label": place % 2, "relation": "at"}
        lines.append(json.dumps(row))
    (folder / "test.jsonl").write_text("\n".join(lines))
    return folder


def picture_of(shapes: Path) -> bytes:
    picture = next(iter(load_task("folder").items(shapes))).pictures[0]
    return picture if isinstance(picture, bytes) else picture.read_bytes()


def test_a_folder_collects_tasks_of_one_model_and_refuses_another(run: Run, shapes: Path, tmp_path: Path):
    out, vsr = tmp_path / "out", captions(tmp_path / "vsr", [picture_of(shapes)] * 4)
    evaluated(run, out, shapes, "prior", limit=10)
    before = (out / "folder.jsonl").read_bytes()
    code, _, errors = run("evaluate", "prior", "--task", "vsr", "--data", f"vsr={vsr}", "--out", out)
    assert code == 0, errors
    assert "vsr: 4 items" in errors
    assert [(task.task, task.items) for task in read_results(out).run.tasks] == [("folder", 10), ("vsr", 4)]
    assert (out / "folder.jsonl").read_bytes() == before
    assert set(json.loads((out / "summary.json").read_text())["tasks"]) == {"folder", "vsr"}
    both = tmp_path / "both"
    data = [f"folder={shapes}", "--data", f"vsr={vsr}"]
    run("evaluate", "prior", "--task", "folder,vsr", "--data", *data, "--out", both, "--limit", 10)
    assert (both / "vsr.jsonl").read_bytes() == (out / "vsr.jsonl").read_bytes()
    code, _, errors = run("evaluate", "geometry", "--task", "folder", "--data", f"folder={shapes}", "--out", out)
    assert (code, "holds results of prior; choose another --out" in errors) == (1, True)
    assert (out / "folder.jsonl").read_bytes() == before
    (out / "run.json").write_text("{")
    code, _, errors = run("evaluate", "prior", "--task", "folder", "--data", f"folder={shapes}", "--out", out)
    assert (code, "or remove it, or choose another --out" in errors) == (1, True)


def test_geometry_looks_for_the_scenes_of_each_task(run: Run, shapes: Path, tmp_path: Path):
    vsr = captions(tmp_path / "vsr", [picture_of(shapes)] * 4)
    data = ("--data", f"folder={shapes}", "--data", f"vsr={vsr}")
    code, _, errors = run("evaluate", "geometry", "--task", "folder,vsr", *data, "--out", tmp_path / "out")
    assert code == 1
    assert f"'{vsr}' is no dataset" in errors


def test_pictures_are_needed_by_those_who_look(run: Run, shapes: Path, tmp_path: Path):
    none = captions(tmp_path / "none", [None] * 4)
    code, _, errors = run("evaluate", "prior", "--task", "vsr", "--data", f"vsr={none}", "--out", tmp_path / "prior")
    assert code == 0, errors
    code, _, errors = run(
        "evaluate", f"geometry:{shapes}", "--task", "vsr", "--data", f"vsr={none}", "--out", tmp_path / "geometry"
    )
    assert code == 1
    assert "vsr: 4 of 4 items lack a picture; item '1': its picture cannot be read" in errors


def test_one_damaged_picture_costs_its_own_item_only(run: Run, shapes: Path, tmp_path: Path):
    good = picture_of(shapes)
    some = captions(tmp_path / "some", [good, good[: len(good) // 2], good])
    out = tmp_path / "out"
    code, printed, errors = run(
        "evaluate", f"geometry:{shapes}", "--task", "vsr", "--data", f"vsr={some}", "--out", out
    )
    assert code == 1
    assert "1 of 3 items got no answer, the first is '2' (a picture of" in errors
    assert "run the same command again" in errors
    assert f"page: {out / 'index.html'}" in printed
    lost = [one.item.id for one in read_results(out).scored["vsr"] if one.answer is None]
    assert lost == ["2"]
    assert json.loads((out / "summary.json").read_text())["tasks"]["vsr"]["n"] == 3


@pytest.mark.parametrize("sign", ["#", "?", "%"])
def test_a_folder_that_reads_as_a_url_is_refused(run: Run, shapes: Path, sign: str, tmp_path: Path):
    out = tmp_path / f"a{sign}b"
    code, _, errors = run("evaluate", "prior", "--task", "folder", "--data", f"folder={shapes}", "--out", out)
    assert (code, "choose another --out" in errors) == (1, True)
    assert not out.exists()


def test_items_are_written_for_other_harnesses(run: Run, shapes: Path, tmp_path: Path):
    for to, out in (("tsv", tmp_path / "items.tsv"), ("parquet", tmp_path / "items")):
        code, printed, errors = run(
            "items", "folder", "--to", to, "--out", out, "--data", f"folder={shapes}", "--limit", 5
        )
        assert code == 0, errors
        assert printed.startswith("5 items: ")
    assert len((tmp_path / "items.tsv").read_text().splitlines()) == 6
    code, _, errors = run("items", "folder", "--to", "csv", "--out", tmp_path / "x", "--data", f"folder={shapes}")
    assert (code, "choose one of tsv, parquet" in errors) == (1, True)


@pytest.mark.slow
def test_inspects_own_command_finds_tasks_and_solvers(shapes: Path, tmp_path: Path):
    inspect_log = pytest.importorskip("inspect_ai.log")
    inspect = Path(sys.executable).with_name("inspect")
    command = [inspect, "eval", "spatialvlm/folder", "--model", "none/none", "--limit", "20", "--display", "plain"]
    command += ["-T", f"data={shapes}", "--solver", "spatialvlm/geometry", "-S", f"data={shapes}"]
    folders = {
        "XDG_CACHE_HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
        "INSPECT_LOG_DIR": str(tmp_path / "logs"),
    }
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | folders, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (log,) = (tmp_path / "logs").glob("*.eval")
    header = inspect_log.read_eval_log(str(log), header_only=True)
    assert header.status == "success"
    assert header.results.scores[0].metrics["mean"].value == 1.0


def test_help_names_every_command():
    shown = CliRunner().invoke(app, ["--help"]).stdout
    assert all(name in shown for name in ("evaluate", "compare", "items", "annotate"))
