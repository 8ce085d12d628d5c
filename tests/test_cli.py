"""The command line: what it offers, what it says, where it says it, and how it ends."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from fixtures.folders.tiny import TINY, content, tiny_frames, write_rgbd
from fixtures.plain_facts import MEASURED
from spatialvlm.cli import app
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.measure import REASONS, refused


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    return write_rgbd(tmp_path_factory.mktemp("cli") / "frames", tiny_frames(3))


@pytest.fixture(scope="module")
def dataset(source) -> Path:
    out = source.parent / "dataset"
    assert CliRunner().invoke(app, ["build", str(source), "--out", str(out)]).exit_code == 0
    return out


# -- questions ---------------------------------------------------------------------------------------------------------


def test_questions_lists_every_kind(run):
    code, out, err = run("questions")
    assert (code, err) == (0, "")
    assert all(re.search(rf"^{name} ", out, re.MULTILINE) for name in KINDS)


@pytest.mark.parametrize("name", MEASURED)
def test_questions_about_one_kind(run, name):
    code, out, err = run("questions", name)
    text = " ".join(out.split())
    assert (code, err) == (0, "")
    assert text.startswith(f"{name} ({KINDS[name].family}): {KINDS[name].asks}")
    for reason in refused(KINDS[name]):
        assert f"{reason} {REASONS[reason]}" in text
    assert "[A]" in text or not KINDS[name].subjects
    assert len(out.split("asked as")[1].splitlines()) > 20


@pytest.mark.parametrize(
    ("name", "hint"), [("widht", "did you mean 'width'?"), ("[/]", "`spatialvlm questions` lists them")]
)
def test_questions_about_an_unknown_kind(run, name, hint):
    assert run("questions", name) == (1, "", f"error: kind {name!r}: unknown; {hint}\n")


# -- build -------------------------------------------------------------------------------------------------------------


def test_build_says_what_came_out_on_stdout_and_how_it_goes_on_stderr(run, source, tmp_path):
    out = tmp_path / "out"
    code, printed, progress = run("build", source, "--out", out)
    info = json.loads((out / "dataset.json").read_text())
    assert code == 0
    for name, label in (("frames", "frames"), ("scenes", "scenes"), ("qa", "questions")):
        assert re.search(rf"^{label} +{info[name]} *$", printed, re.MULTILINE)
    assert printed.endswith(f"dataset: {out}\nreport: {out / 'report.html'}\n")
    assert (out / "report.html").is_file()
    assert "3/3" in progress
    assert "images/s" in progress
    assert "QA/s" in progress
    before = content(out)
    code, again, progress = run("build", source, "--out", out)
    assert (code, again) == (0, printed)
    assert progress.splitlines()[1] == "all frames were done already; nothing to do"
    assert content(out) == before


def test_build_goes_on(run, source, tmp_path):
    out = tmp_path / "out"
    run("build", source, "--out", out, "--shard-size", 1)
    whole = content(out)
    lines = (out / "manifest.jsonl").read_text().splitlines(keepends=True)
    (out / "manifest.jsonl").write_text("".join(lines[:2]))
    code, _, progress = run("build", source, "--out", out, "--shard-size", 1)
    assert (code, progress.splitlines()[1]) == (0, "going on after the 1 frames of an earlier run")
    assert content(out) == whole


def test_build_does_what_the_options_say(run, source, tmp_path):
    out = tmp_path / "out"
    options = ["--limit", 2, "--questions-per-image", 3, "--kinds", "gap, width,", "--seed", 5, "--detector", "given"]
    assert run("build", source, "--out", out, *options)[0] == 0
    info = json.loads((out / "dataset.json").read_text())
    assert (info["frames"], info["seed"], info["config"]["detect"]["detector"]) == (2, 5, "given")
    assert set(info["kinds"]) <= {"gap", "width"}
    assert 0 < info["qa"] <= 6


def test_images_alone_are_drops_and_the_run_has_failed(run, source, tmp_path):
    images = shutil.copytree(source / "rgb", tmp_path / "images")
    out = tmp_path / "out"
    code, printed, errors = run("build", images, "--recipe", "given", "--out", out)
    assert code == 1
    assert re.search(r"^dropped +3 in detect: no_depth *$", printed, re.MULTILINE)
    why = "no frame became a scene; dropped 3 times in detect, such as shapes-000000: no_depth: .*; give depth"
    assert re.search(rf"^error: {why}", errors, re.MULTILINE)
    drops = pq.read_table(out / "drops.parquet").to_pylist()
    assert [drop["id"] for drop in drops] == [f"shapes-{k:06d}" for k in range(3)]
    info = json.loads((out / "dataset.json").read_text())
    assert (info["frames"], info["scenes"], info["qa"]) == (3, 0, 0)
    assert "no depth" in (out / "report.html").read_text()
    code, printed, message = run("show", out, 0)
    assert (code, printed) == (1, "")
    assert message == f"error: {out}: no frame '0'; it has no frames, all were dropped\n"


def test_photos_take_their_recipe_and_weights_that_are_not_there_say_how_to_get_them(
    run, source, tmp_path, monkeypatch
):
    pytest.importorskip("huggingface_hub")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    images = shutil.copytree(source / "rgb", tmp_path / "images")
    code, _, message = run("build", images, "--out", tmp_path / "out")
    assert code == 1
    pattern = r"error: weights '[\w./-]+' of \w+: not on this machine, .*; get them .*: hf download .*"
    taken_for, error = message.splitlines()
    assert taken_for == "images: a folder of photos, 3 frames"
    assert re.fullmatch(pattern, error)
    assert not (tmp_path / "out").exists()


def test_a_source_of_nothing_but_bad_lines(run, tmp_path):
    (tmp_path / "frames").mkdir()
    (tmp_path / "frames/frames.jsonl").write_text('{}\nnope\n[1]\n{"id": "' + "x" * 10_000 + '", "image": "a.png"}\n')
    code, printed, errors = run("build", tmp_path / "frames", "--out", tmp_path / "out")
    assert code == 1
    assert "such as line 1: missing_key: 'id' of line 1: not given" in errors
    for reason in ("missing_key", "line_not_json", "line_not_object", "id_invalid"):
        assert f"1 in collect: {reason}" in printed


def test_the_commonest_drops_are_said_with_an_example_each(run, source, tmp_path):
    folder = shutil.copytree(source, tmp_path / "frames")
    lines = (folder / "frames.jsonl").read_text()
    (folder / "frames.jsonl").write_text(lines + "a\nb\n{}\n[]\n[]\n[]\n" + '{"id": "x", "image": "x.png"}\n')
    code, printed, _ = run("build", folder, "--out", tmp_path / "out")
    assert code == 0
    said = re.findall(r"^dropped (\d) times in collect, such as line (\d+): (\w+): line", printed, re.MULTILINE)
    assert said == [("3", "7", "line_not_object"), ("2", "4", "line_not_json")]


def test_a_scene_without_a_question_says_why(run, source, tmp_path):
    folder, out = shutil.copytree(source, tmp_path / "frames"), tmp_path / "out"
    line = json.loads((folder / "frames.jsonl").read_text().splitlines()[0])
    for path in (folder / "instances").iterdir():
        path.write_text(json.dumps([{**one, "captions": []} for one in json.loads(path.read_text())]))
    (folder / "frames.jsonl").write_text(json.dumps(line))
    code, printed, _ = run("build", folder, "--out", out)
    why = "objects have no caption: give captions, or refer by mark, box or point"
    assert (code, f"1 scene has no question: {why}\n" in printed) == (0, True)
    assert f"none: {why}" in run("show", out, 0, "--png", tmp_path / "x.png")[1]
    report = (out / "report.html").read_text()
    assert f"Nothing could be asked about this image: {why}." in report
    assert f"1 scene has no question: {why}." in report


@pytest.mark.parametrize("out", ["o[b]ut", "o[/]ut", "out put", "öut", "-out"])
def test_folders_and_ids_of_any_name(run, tmp_path, monkeypatch, out):
    monkeypatch.chdir(tmp_path)
    folder = write_rgbd(tmp_path / "[/in]", tiny_frames(1))
    name = "a/../b [/red] \\ {c} \"d\" 'é'"
    line = json.loads((folder / "frames.jsonl").read_text()) | {"id": name}
    (folder / "frames.jsonl").write_text(json.dumps(line))
    code, printed, errors = run("build", folder, "--out", out)
    assert (code, printed.splitlines()[-2]) == (0, f"dataset: {out}"), errors
    for frame in (name, "0"):
        code, printed, errors = run("show", "--", out, frame)
        assert code == 0, errors
        assert printed.splitlines()[-1] == "picture: a_.._b___red_____c___d___é_.png"


# -- ask ---------------------------------------------------------------------------------------------------------------


def test_ask_says_what_came_out_and_goes_on(run, dataset, tmp_path):
    out = tmp_path / "more"
    options = ["--epochs", 2, "--seed", 7, "--questions-per-image", 5, "--kinds", "gap, width,left_choice"]
    code, printed, progress = run("ask", dataset, "--out", out, *options)
    info = json.loads((out / "dataset.json").read_text())
    assert code == 0
    assert re.search(rf"^questions +{info['qa']} *$", printed, re.MULTILINE)
    assert printed.endswith(f"dataset: {out}\n")
    assert "6/6" in progress
    assert 0 < info["qa"] <= 3 * 2 * 5
    assert set(info["kinds"]) <= {"gap", "width", "left_choice"}
    before = content(out)
    code, again, progress = run("ask", dataset, "--out", out, *options)
    assert (code, again, content(out)) == (0, printed, before)
    assert progress.startswith("all scenes were done already; nothing to do")
    code, printed, errors = run("show", out, 0)
    assert (code, printed) == (1, "")
    assert errors.startswith(f"error: {out}: holds questions alone; their scenes are in the dataset 'dataset'")


def test_show_and_ask_of_a_damaged_dataset(run, dataset, tmp_path):
    copy = shutil.copytree(dataset, tmp_path / "dataset")
    (copy / "scenes/part-00000.parquet").write_bytes(b"")
    for arguments in (["show", copy, 0], ["ask", copy, "--out", tmp_path / "out"]):
        code, printed, errors = run(*arguments)
        assert (code, printed) == (1, "")
        assert errors.startswith(f"error: {copy / 'scenes/part-00000.parquet'}: damaged, got 0 bytes, expected ")
        assert errors.count("\n") == 1


# -- export ------------------------------------------------------------------------------------------------------------


def test_export_says_what_came_out(run, dataset, tmp_path):
    out = tmp_path / "out"
    asked = json.loads((dataset / "dataset.json").read_text())["qa"]
    for _ in range(2):
        code, printed, _ = run("export", dataset, "--to", "messages", "--out", out)
        assert (code, printed) == (0, f"3 samples, {asked} questions about 3 images: {out}\n")
        assert len((out / "data.jsonl").read_text().splitlines()) == 3
    code, printed, errors = run("export", dataset, "--to", "llama", "--out", out)
    assert (code, printed) == (1, "")
    assert errors.endswith("error: format 'llama': unknown; choose one of messages, llava, sharegpt, webdataset, hf\n")


FAILURES = [
    (["build", "nowhere", "--out", "out"], "source 'nowhere': no such folder or file; give a folder with frames.jsonl"),
    (["build", "empty", "--out", "out"], "source 'empty': found no image; give a folder with frames.jsonl or with"),
    (["build", "file", "--out", "out"], "source 'file': a file of no known kind; give a folder of images"),
    (["build", "blank", "--out", "out"], "blank/frames.jsonl: is empty; write one line per frame there"),
    (["build", "shapes:0", "--out", "out"], "source 'shapes:0': expected a positive whole number"),
    (["build", "shapes:1", "--out", "full"], "full: not a dataset (no manifest.jsonl) but not empty either"),
    (["build", "shapes:1", "--out", "file"], "cannot write file: File exists; make the folder writable or choose"),
    (
        ["build", "shapes:1", "--out", "out", "--seed", str(2**63)],
        "seed 9223372036854775808: expected 0 to 9223372036854775807",
    ),
    (["build", "shapes:1", "--out", "out", "--kinds", "gap,widht"], "kinds widht: unknown; did you mean 'width'?"),
    (["build", "shapes:1", "--out", "out", "--kinds", "xyzzy"], "kinds xyzzy: unknown; `spatialvlm questions` lists"),
    (["build", "shapes:1", "--out", "out", "--kinds", ","], "kinds: none given; `spatialvlm questions` lists all"),
    (["build", "shapes:1", "--out", "out", "--detector", "x"], "detector 'x': unknown; choose one of auto, given"),
    (["show", "nowhere", "0"], "nowhere: no dataset here (no manifest.jsonl); give the folder that was --out"),
    (["show", "empty", "0"], "empty: no dataset here (no manifest.jsonl)"),
    (["ask", "nowhere", "--out", "out"], "nowhere: no dataset here (no manifest.jsonl)"),
]


@pytest.mark.parametrize(("arguments", "message"), FAILURES, ids=lambda value: " ".join(value)[:60])
def test_failures_are_one_line_and_leave_nothing(run, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    for name in ("empty", "full", "blank"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").write_text("x")
    (tmp_path / "full/thesis.tex").write_text("x")
    (tmp_path / "blank/frames.jsonl").write_text("\n")
    before = sorted(tmp_path.rglob("*"))
    code, printed, errors = run(*arguments)
    assert (code, printed) == (1, "")
    *before_it, last = errors.splitlines()
    assert last.startswith(f"error: {message}")
    assert before_it in ([], ["shapes:1: drawn solids with exact truth, 1 frame"]), "what the source was taken for"
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["build"], "Missing argument"),
        (["build", "shapes:1"], "--out"),
        (["build", "shapes:1", "--out"], "--out"),
        (["build", "shapes:1", "--out", "x", "--workers", "two"], "--workers"),
        (["build", "shapes:1", "--out", "x", "--workers", "0"], "greater than or equal to 1"),
        (["build", "shapes:1", "--out", "x", "--limit", "0"], "greater than or equal to 1"),
        (["build", "shapes:1", "--out", "x", "--shard-size", "0"], "greater than or equal to 1"),
        (["build", "shapes:1", "--out", "x", "--questions-per-image", "-1"], "--questions-per-image"),
        (["build", "shapes:1", "--out", "x", "--seed", "-1"], "greater than or equal to 0"),
        (["build", "shapes:1", "--out", "x", "--wrokers", "2"], "--wrokers"),
        (["build", "shapes:1", "y", "--out", "x"], "y"),
        (["show", "x"], "Missing argument"),
        (["ask", "x"], "--out"),
        (["ask", "x", "--out", "y", "--epochs", "0"], "greater than or equal to 1"),
        (["build", "shapes:1", "--out", "x", "--fov", "1000"], "--fov"),
        (["build", "shapes:1", "--out", "x", "--fov", "nan"], "--fov"),
        (["build", "shapes:1", "--out", "x", "--camera-height", "-1"], "--camera-height"),
        (["build", "shapes:1", "--out", "x", "--camera-height", "1e9"], "--camera-height"),
        (["build", "shapes:1", "--out", "x", "--known", "height:door=nan"], "--known"),
        (["build", "shapes:1", "--out", "x", "--known", "height:door=1e9"], "--known"),
        (["build", "shapes:1", "--out", "x", "--size", "9x9"], "--size"),
        (["bulid"], "bulid"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_ends_with_2(run, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    code, printed, errors = run(*arguments)
    assert (code, printed) == (2, "")
    assert message in errors
    assert "Traceback" not in errors
    assert not list(tmp_path.iterdir())


# -- show --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame", ["shapes-000001", "1"])
def test_show_prints_a_frame_and_writes_its_picture(run, dataset, tmp_path, monkeypatch, frame):
    monkeypatch.chdir(tmp_path)
    code, printed, errors = run("show", dataset, frame)
    assert (code, errors) == (0, "")
    assert printed.startswith("shapes-000001  up: given, support: floor, metric scale")
    assert "objects" in printed
    assert " cm" in printed
    assert "questions" in printed
    assert printed.endswith("picture: shapes-000001.png\n")
    picture = cv2.imdecode(np.fromfile("shapes-000001.png", np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape[1::-1] >= TINY
    assert picture.std() > 10


def test_show_writes_where_it_is_told(run, dataset, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("show", dataset, "0", "--png", "x.png")[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["x.png"]
    code, _, errors = run("show", dataset, "0", "--png", "nowhere/x.png")
    assert (code, errors) == (1, "error: cannot write nowhere/x.png: No such file or directory; give another path\n")


@pytest.mark.parametrize(
    ("frame", "hint"),
    [
        ("shapes-00001", "did you mean 'shapes-000001'?"),
        ("kitchen", "its 3 frames go from 'shapes-000000' to 'shapes-000002'"),
        ("3", "its 3 frames go from"),
        ("²", "its 3 frames go from"),
    ],
)
def test_show_of_an_unknown_frame(run, dataset, frame, hint):
    code, printed, errors = run("show", dataset, frame)
    assert (code, printed) == (1, "")
    assert errors.startswith(f"error: {dataset}: no frame {frame!r}; {hint}")


def test_show_of_a_frame_with_a_long_id(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = write_rgbd(tmp_path / "frames", tiny_frames(1))
    line = json.loads((folder / "frames.jsonl").read_text()) | {"id": "日" * 200}
    (folder / "frames.jsonl").write_text(json.dumps(line))
    run("build", folder, "--out", "out")
    code, printed, _ = run("show", "out", "0")
    assert code == 0
    assert Path(printed.splitlines()[-1].removeprefix("picture: ")).is_file()


# -- streams -----------------------------------------------------------------------------------------------------------


def test_a_reader_that_stops_is_no_error():
    command = f"{sys.executable} -c 'from spatialvlm.cli import main; main()' questions | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "qualitative"
    assert done.stderr == ""


def test_a_terminal_without_unicode(dataset, tmp_path):
    command = [sys.executable, "-c", "from spatialvlm.cli import main; main()", "show", str(dataset), "0"]
    environment = {"PYTHONIOENCODING": "ascii", "PATH": "/usr/bin:/bin", "COLUMNS": "200"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\xb1" in done.stdout
