"""The local engine: the same bytes however a build ran, and a way on from wherever it was stopped."""

import errno
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from fixtures.folders.tiny import content, tiny_frames, write_rgbd
from spatialvlm.dataset.progress import Progress
from spatialvlm.dataset.read import read_dataset
from spatialvlm.engine import build_recipe
from spatialvlm.errors import DatasetError, ModelError, UserError
from spatialvlm.recipes import Recipe

FRAMES, COPIES, SHARD = 4, 3, 2
FLUSHES = 20  # of a build in two shards: every file and its folder, and the lines of the manifest
ROWS = FRAMES * COPIES
COMMAND = (sys.executable, "-c", "from spatialvlm.cli import main; main()")


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """A folder of 12 tiny frames, one of which cannot be read."""
    folder = write_rgbd(tmp_path_factory.mktemp("source") / "frames", tiny_frames(FRAMES), copies=COPIES)
    lines = (folder / "frames.jsonl").read_text().splitlines()
    lines[5] = lines[5].replace("rgb/", "nowhere/")
    (folder / "frames.jsonl").write_text("\n".join(lines))
    return folder


@pytest.fixture(scope="module")
def recipe(source) -> Recipe:
    return Recipe(str(source), shard_size=SHARD)


@pytest.fixture(scope="module")
def finished(recipe, tmp_path_factory) -> Path:
    """The dataset that one process builds without a break. Not to be written to."""
    out = tmp_path_factory.mktemp("whole") / "dataset"
    build_recipe(recipe, out)
    return out


@pytest.fixture(scope="module")
def whole(finished) -> dict[str, str]:
    """The content of that dataset."""
    return content(finished)


def start(recipe: Recipe, out: Path, workers: int) -> subprocess.Popen[str]:
    """The same build by the command line, in a process group of its own."""
    command = [*COMMAND, "build", recipe.source, "--out", str(out), "--shard-size", str(recipe.shard_size)]
    return subprocess.Popen(
        [*command, "--workers", str(workers)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # pytest may run where it is ignored
    )


def group_of(leader: int) -> list[int]:
    """The processes of a process group that are alive."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(group) == leader and state not in "ZX":
                found.append(int(entry.name))
    return found


def wait_for(what, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="watches processes in /proc")


# -- the same bytes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2])
def test_any_number_of_workers_writes_the_same_bytes_and_counts_the_same(recipe, whole, tmp_path, workers):
    counted, begun = [0, 0, 0], []

    def report(*added: int) -> None:
        counted[:] = [a + b for a, b in zip(counted, added, strict=True)]

    info = build_recipe(recipe, tmp_path, workers=workers, begin=lambda *counts: begun.append(counts), report=report)
    drops = sum(sum(reasons.values()) for reasons in info["drops"].values())
    assert content(tmp_path) == whole
    assert (begun, counted) == ([(ROWS, 0)], [ROWS, info["qa"], drops])
    assert not multiprocessing.active_children()
    assert f"scenes/part-{ROWS // SHARD - 1:05d}.parquet" in whole


@pytest.mark.parametrize("size", [1, 3, 64])
def test_rows_do_not_depend_on_the_shard_size(source, finished, tmp_path, size):
    info = build_recipe(Recipe(str(source), shard_size=size), tmp_path)
    same = json.loads((finished / "dataset.json").read_text())
    assert rows(tmp_path) == rows(finished)
    assert (info.pop("shards"), same.pop("shards")) == (-(-ROWS // size), ROWS // SHARD)
    assert (info["config"].pop("shard_size"), same["config"].pop("shard_size")) == (size, SHARD)
    assert info == same


def rows(folder: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for name in ("scenes", "qa"):
        parts = sorted((folder / name).iterdir())
        found[name] = [row for part in parts for row in pq.read_table(part).to_pylist()]
    found["drops"] = pq.read_table(folder / "drops.parquet").to_pylist()
    assert len(found["scenes"]) == len(found["qa"]) == ROWS - 1
    assert "shapes-000001-0001" in [drop["id"] for drop in found["drops"]]
    return found


def test_another_seed_asks_other_questions_about_the_same_scenes(source, recipe, whole, tmp_path):
    build_recipe(Recipe(str(source), seed=1, shard_size=SHARD), tmp_path / "out")
    different = {path for path, digest in content(tmp_path / "out").items() if whole[path] != digest}
    assert different == {path for path in whole if not path.startswith(("scenes", "drops", "stamps"))}


def test_a_second_run_changes_nothing(recipe, whole, tmp_path, finished):
    begun = []
    shutil.copytree(finished, tmp_path / "out")
    for workers in (1, 2):
        build_recipe(recipe, tmp_path / "out", workers=workers, begin=lambda *counts: begun.append(counts))
    assert begun == [(ROWS, ROWS)] * 2
    assert content(tmp_path / "out") == whole


# -- stopped at any moment ---------------------------------------------------------------------------------------------


@needs_proc
@pytest.mark.parametrize("workers", [1, 2])
def test_kill_9_at_random_moments_ends_byte_identical(recipe, whole, tmp_path, workers):
    out = tmp_path / "out"
    rng = random.Random(workers)
    moments = [rng.randrange(ROWS // SHARD) for _ in range(3)]
    for finished in sorted(moments):  # some shards are done, and then any moment within the next
        process = start(recipe, out, workers)
        wait_for(lambda: process.poll() is not None or len(manifest(out)) > finished)  # noqa: B023 (called at once)
        time.sleep(rng.random() * 0.05)
        process.kill()
        process.communicate()
        wait_for(lambda: not group_of(process.pid), 3)  # noqa: B023 (called at once)
    process = start(recipe, out, workers)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert content(out) == whole


def manifest(out: Path) -> list[str]:
    path = out / "manifest.jsonl"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize(("workers", "lines"), [(1, 3), (2, 1)])
def test_ctrl_c_is_one_line_and_resumes(recipe, whole, tmp_path, workers, lines):
    out = tmp_path / "out"
    process = start(recipe, out, workers)
    wait_for(lambda: len(manifest(out)) >= lines)
    os.killpg(process.pid, signal.SIGINT)
    printed, errors = process.communicate(timeout=5)
    last = errors.splitlines()[-1]
    assert (process.returncode, printed) == (1, "")
    assert last == "stopped; run the same command again to go on from here"
    assert "Traceback" not in errors
    assert "dataset.json" not in content(out)
    build_recipe(recipe, out)
    assert content(out) == whole


def test_a_build_in_a_thread_of_the_caller(source, tmp_path):
    recipe = Recipe(str(source), shard_size=1, limit=2)
    thread = threading.Thread(target=build_recipe, args=(recipe, tmp_path), kwargs={"workers": 2})
    thread.start()
    thread.join()
    assert (tmp_path / "report.html").is_file()


def test_what_is_the_callers_own_is_left_alone(source, tmp_path):
    recipe = Recipe(str(source), shard_size=1, limit=2)
    handler = signal.getsignal(signal.SIGINT)
    other = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    other.start()
    try:
        build_recipe(recipe, tmp_path, workers=2)
        assert other.is_alive()
        assert signal.getsignal(signal.SIGINT) is handler
        assert not signal.pthread_sigmask(signal.SIG_BLOCK, [])
    finally:
        other.kill()
        other.join()


def test_a_worker_that_dies_is_named_and_the_rest_is_kept(recipe, whole, tmp_path, monkeypatch):
    append = Progress.append

    def append_and_kill(progress: Progress, summary: dict[str, Any]) -> None:
        append(progress, summary)
        for worker in multiprocessing.active_children()[:1]:
            worker.kill()

    monkeypatch.setattr(Progress, "append", append_and_kill)
    with pytest.raises(ModelError, match=r"a worker process died .* fewer workers, what was finished is kept"):
        build_recipe(recipe, tmp_path, workers=2)
    monkeypatch.undo()
    assert len(manifest(tmp_path)) >= 2
    wait_for(lambda: not multiprocessing.active_children())
    build_recipe(recipe, tmp_path)
    assert content(tmp_path) == whole


# -- folders that cannot be used ---------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk of 192 kB, where mounting is allowed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    command = ["mount", "-t", "tmpfs", "-o", "size=192k", "tmpfs", str(disk)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("cannot mount a tmpfs")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_is_said_and_space_is_all_it_takes(recipe, whole, small_disk, workers):
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * 80_000)
    with pytest.raises(UserError, match=r"disk full writing .*: free space and run the same command again"):
        build_recipe(recipe, small_disk / "out", workers=workers)
    ballast.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    build_recipe(recipe, small_disk / "out", workers=workers)
    assert content(small_disk / "out") == whole


def test_a_disk_that_fills_up_within_a_manifest_line(recipe, whole, tmp_path, monkeypatch):
    write = Progress.append

    def torn(progress, summary: dict[str, Any]) -> None:
        if summary["shard"] == 2:
            progress._file.write(b'{"counts": {')
            raise UserError("disk full")
        write(progress, summary)

    monkeypatch.setattr(Progress, "append", torn)
    with pytest.raises(UserError, match="disk full"):
        build_recipe(recipe, tmp_path)
    monkeypatch.undo()
    build_recipe(recipe, tmp_path)
    assert content(tmp_path) == whole


def test_a_full_disk_at_every_write_in_turn(source, tmp_path, monkeypatch):
    """Each flush to the disk fails once, first to last; the build after it goes on where that one stopped."""
    recipe = Recipe(str(source), shard_size=1, limit=2)
    build_recipe(recipe, tmp_path / "whole")
    whole = content(tmp_path / "whole")
    for failing in range(FLUSHES):
        calls = 0

        def full(_: int, failing=failing) -> None:
            nonlocal calls
            calls += 1
            if calls == failing + 1:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        out = tmp_path / "out"
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(UserError, match="disk full"):
            build_recipe(recipe, out)
        monkeypatch.undo()
        assert not list(out.rglob("*.tmp"))
        build_recipe(recipe, out)
        assert content(out) == whole, f"flush {failing}"
        shutil.rmtree(out)


def test_a_folder_that_cannot_be_written(recipe, tmp_path, monkeypatch):
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", denied)  # the tests may run as root, whom no mode keeps out
    with pytest.raises(UserError, match=r"cannot write .*out: Permission denied; make the folder writable or choose"):
        build_recipe(recipe, tmp_path / "out")


def test_a_folder_that_holds_something_else(recipe, tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(DatasetError, match=r"not a dataset .* thesis.tex; choose another --out"):
        build_recipe(recipe, tmp_path)
    assert list(content(tmp_path)) == ["thesis.tex"]


def test_the_source_is_never_written_to(recipe, source):
    before = content(source)
    with pytest.raises(DatasetError, match=r"not a dataset .* it holds depth, frames.jsonl, instances"):
        build_recipe(recipe, source)
    assert content(source) == before


def test_other_settings_are_named_and_nothing_is_touched(source, finished, whole, tmp_path):
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    with pytest.raises(DatasetError, match=r"config.seed: 0 in the folder, 7 now"):
        build_recipe(Recipe(str(source), seed=7, shard_size=SHARD), tmp_path)
    assert content(tmp_path) == whole


def test_a_dataset_and_its_source_may_move(source, finished, whole, tmp_path):
    """Neither says where it lay, so both can be copied to another machine and the build goes on there."""
    moved = shutil.copytree(source, tmp_path / "elsewhere" / source.name)
    shutil.copytree(finished, tmp_path / "second")
    cut_back(tmp_path / "second", 3)
    (tmp_path / "link").symlink_to(tmp_path / "second")
    build_recipe(Recipe(str(moved), shard_size=SHARD), tmp_path / "link")
    assert content(tmp_path / "second") == whole
    texts = [path.read_bytes() for path in (tmp_path / "second").rglob("*") if path.is_file()]
    assert not any(str(part).encode() in text for text in texts for part in (tmp_path, source.parent))


def cut_back(out: Path, shards: int) -> None:
    """As if the build had been stopped after so many shards."""
    (out / "manifest.jsonl").write_text("".join(line + "\n" for line in manifest(out)[: shards + 1]))


def test_a_dataset_that_may_only_be_read_can_be_read(finished, tmp_path):
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    for path in [*tmp_path.rglob("*"), tmp_path]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    assert len(list(read_dataset(tmp_path).questions())) == ROWS - 1
    for path in [tmp_path, *(path for path in tmp_path.rglob("*") if path.is_dir())]:
        path.chmod(0o755)


def test_no_worker_at_all(recipe, tmp_path):
    with pytest.raises(UserError, match="workers 0: expected 1 or more"):
        build_recipe(recipe, tmp_path, workers=0)
    assert not content(tmp_path)
