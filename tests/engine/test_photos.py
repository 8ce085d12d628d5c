"""The engine with models: threads change no byte, failures cost what fails and nothing else, memory stays."""

import multiprocessing
import os
import shutil
import signal
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from fixtures.folders.tiny import content
from fixtures.models.stub_models import (
    StubDepth,
    StubDetector,
    StubMaskModel,
    drops,
    rows,
    stub_recipe,
    stub_stages,
    stubs,  # noqa: F401 (a fixture of every test here)
    use,
    without,
    write_photos,
)
from spatialvlm.engine import build_recipe
from spatialvlm.engine.executor import _in_turn, run
from spatialvlm.engine.threads import in_order, threads
from spatialvlm.errors import ContractError, ModelError, UserError
from spatialvlm.models import Runtime
from spatialvlm.pipeline import Stage
from spatialvlm.pipeline.cull import Cull
from spatialvlm.pipeline.phrase import PhraseConfig
from spatialvlm.records import Drop

PHOTOS, SHARD = 13, 5
SIZES = ((96, 72), (64, 96), (160, 120))


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """13 photos of three sizes. Not to be written to."""
    return write_photos(tmp_path_factory.mktemp("photos") / "in", PHOTOS, SIZES)


@pytest.fixture(scope="module")
def finished(photos, tmp_path_factory) -> Path:
    """The dataset of these photos, made one step after the other. Not to be written to."""
    out = tmp_path_factory.mktemp("whole") / "dataset"
    with pytest.MonkeyPatch.context() as patch:
        use(patch)
        patch.setattr(
            "spatialvlm.engine.executor._at_once",
            lambda readers, models, rest, *how: _in_turn(readers, [*models, *rest], *how),
        )
        build_recipe(stub_recipe(photos, shard_size=SHARD), out)
    return out


@pytest.fixture(scope="module")
def whole(finished) -> dict[str, str]:
    return content(finished)


# -- the same bytes ----------------------------------------------------------------------------------------------------


def test_there_is_something_to_compare(finished):
    stored = rows(finished)
    assert [len(row["objects"]) for row in stored["scenes"]] == [3] * PHOTOS
    assert all(len(row["qa"]) >= 10 for row in stored["qa"])
    versions = {entry["name"]: entry["version"] for entry in stored["scenes"][0]["versions"]}
    assert versions == {"detect": "stub-detector@1", "segment": "stub-mask-model@1", "depth": "stub-depth@1"}


@pytest.mark.parametrize("workers", [1, 2])
def test_overlap_and_workers_change_no_byte(photos, whole, tmp_path, workers):
    recipe, counted = stub_recipe(photos, shard_size=SHARD), [0, 0, 0]

    def report(*added: int) -> None:
        counted[:] = [a + b for a, b in zip(counted, added, strict=True)]

    info = build_recipe(recipe, tmp_path, stages=stub_stages(recipe), workers=workers, report=report)
    assert content(tmp_path) == whole
    assert counted == [PHOTOS, info["qa"], 0]


@pytest.mark.parametrize(("size", "batch"), [(SHARD, 1), (SHARD, 32), (3, 8)])
def test_rows_do_not_depend_on_batches(photos, finished, tmp_path, size, batch):
    build_recipe(stub_recipe(photos, shard_size=size), tmp_path, runtime=Runtime(batch_size=batch))
    assert rows(tmp_path) == rows(finished)


def test_a_model_that_runs_out_of_memory_takes_smaller_batches(photos, whole, tmp_path, monkeypatch):
    depth, detector = StubDepth(most=2), StubDetector(most=1)
    use(monkeypatch, depth=depth, detector=detector)
    build_recipe(stub_recipe(photos, shard_size=SHARD), tmp_path)
    assert (depth.batches.size, detector.batches.size) == (2, 1)
    assert content(tmp_path) == whole


def test_models_see_every_frame_once_and_never_an_empty_batch(tmp_path, monkeypatch):
    folder = write_photos(tmp_path / "in", 10)
    for number in range(8):
        (folder / f"photo-{number:06d}.jpg").write_bytes(b"")
    detector, depth = StubDetector(), StubDepth()
    use(monkeypatch, detector=detector, depth=depth)
    build_recipe(stub_recipe(folder), tmp_path / "out")
    assert detector.calls == depth.calls == [2]


def test_reading_runs_ahead_by_a_bounded_number(tmp_path, monkeypatch):
    folder, read, done, most = write_photos(tmp_path / "in", 60), [0], [0], [0]
    stages = stub_recipe(folder).stages()
    source = stages[0].source
    plain = source.read

    def counting(index: int) -> Any:
        read[0] += 1
        most[0] = max(most[0], read[0] - done[0])
        return plain(index)

    monkeypatch.setattr(source, "read", counting)
    for _ in run(stages, range(60)):
        time.sleep(0.01)  # readers get as far as they may
        done[0] += 1
    assert read[0] == done[0] == 60
    assert 16 < most[0] <= 3 * 8 + 1


# -- failures ----------------------------------------------------------------------------------------------------------


def failing_on(name: str, error: Exception) -> Callable[[Sequence[str]], None]:
    def fail(ids: Sequence[str]) -> None:
        if name in ids:
            raise error

    return fail


@pytest.mark.parametrize(
    ("role", "stage"), [("detector", "detect"), ("mask_model", "detect"), ("depth", "estimate"), ("cull", "cull")]
)
def test_an_image_that_a_model_fails_on_is_the_only_one_lost(photos, finished, tmp_path, monkeypatch, role, stage):
    bad = "photo-000004"
    fail = failing_on(bad, ModelError("out of patience"))
    if role == "cull":

        def cull(frames: Sequence[Any]) -> list[Any]:
            fail([frame.id for frame in frames])
            return list(frames)

        monkeypatch.setattr(Cull, "load", lambda self: cull)
    else:
        use(
            monkeypatch,
            **{role: {"detector": StubDetector, "mask_model": StubMaskModel, "depth": StubDepth}[role](failing=fail)},
        )
    build_recipe(stub_recipe(photos, shard_size=SHARD), tmp_path)
    assert drops(tmp_path) == [(stage, bad, "model_failed: out of patience")]
    assert rows(tmp_path) == without(rows(finished), bad)


@pytest.mark.parametrize("error", [ContractError("bad box"), UserError("bad weights"), RuntimeError("a bug")])
def test_other_errors_of_models_stop_the_build(photos, tmp_path, monkeypatch, error):
    use(monkeypatch, depth=StubDepth(failing=failing_on("photo-000012", error)))
    with pytest.raises(type(error), match=str(error)):
        build_recipe(stub_recipe(photos), tmp_path)


class Instead:
    """Something else in the place of a stage."""

    def __init__(self, stage: Stage, call: Callable[..., Any]) -> None:
        self.name, self.needs, self.call = stage.name, stage.needs, call

    def __call__(self, samples: Sequence[Any], /) -> Any:
        return self.call(samples)


class Bug(Exception):
    """Nobody expects this one."""


@pytest.mark.parametrize("where", ["read", "detect", "lift"])
def test_an_error_in_any_thread_reaches_the_caller_at_once(photos, monkeypatch, where):
    stages = stub_recipe(photos).stages()

    def break_down(*_: object) -> Any:
        raise Bug(where)

    plain = stages[0].source.read
    if where == "read":
        monkeypatch.setattr(stages[0].source, "read", lambda index: break_down() if index == 8 else plain(index))
    else:
        stages = [Instead(stage, break_down) if stage.name == where else stage for stage in stages]
    with pytest.raises(Bug, match=where) as caught:
        list(run(stages, range(PHOTOS)))
    assert "break_down" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert threading.active_count() == 1 + sum(not t.name.startswith("Main") for t in threading.enumerate())


@pytest.mark.parametrize("where", ["read", "detect", "lift", "report"])
def test_ctrl_c_ends_in_half_a_second(photos, monkeypatch, where):
    """Pressed while `where` is at work, or while what came of it is read."""
    stages, since = stub_recipe(photos).stages(), []
    pressed = threading.Event()

    def slow(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def late(*arguments: Any) -> Any:
            if name == where and not pressed.is_set():
                pressed.set()
                signal.setitimer(signal.ITIMER_REAL, 0.05)
            time.sleep(0.1)
            return call(*arguments)

        return late

    def interrupt(*_: object) -> None:
        since.append(time.monotonic())
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(stages[0].source, "read", slow("read", stages[0].source.read))
    stages = [
        Instead(stage, slow(stage.name, stage)) if stage.name in ("detect", "lift") else stage for stage in stages
    ]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            list(map(interrupt if where == "report" else id, run(stages, range(PHOTOS))))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - since[0] < 0.5


def test_what_cannot_be_loaded_is_said_before_there_is_a_folder(photos, tmp_path, monkeypatch):
    def missing(*_: object) -> Any:
        raise UserError("weights: missing")

    monkeypatch.setattr("spatialvlm.pipeline.estimate.estimator.load_depth", missing)
    with pytest.raises(UserError, match="weights: missing"):
        build_recipe(stub_recipe(photos), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_finished_build_loads_no_model(photos, finished, tmp_path, monkeypatch):
    monkeypatch.setattr("spatialvlm.pipeline.estimate.estimator.load_depth", None)
    shutil.copytree(finished, tmp_path / "out")
    build_recipe(stub_recipe(photos, shard_size=SHARD), tmp_path / "out")
    assert not multiprocessing.active_children()


def test_results_come_in_order_whoever_is_first():
    with threads(4) as pool:
        waits = [0.02, 0.0, 0.01, 0.0, 0.005]
        found = in_order(pool, lambda i: (time.sleep(waits[i]), i)[1], range(5), ahead=3)
        assert list(found) == [0, 1, 2, 3, 4]


# -- hostile folders ---------------------------------------------------------------------------------------------------


def saved(image: Image.Image, kind: str, **settings: Any) -> bytes:
    data = BytesIO()
    image.save(data, kind, **settings)
    return data.getvalue()


def hostile() -> dict[str, tuple[bytes, bool]]:
    """Files that people have in their folders, and whether a scene is to be expected of them."""
    rng = np.random.default_rng(0)
    coarse = cv2.resize(rng.integers(0, 256, (6, 8, 3), np.uint8), (96, 72))
    picture = Image.fromarray(coarse)
    jpeg, frames = saved(picture, "JPEG"), {"save_all": True, "append_images": [picture.rotate(90)]}
    large = saved(Image.new("1", (9000, 6000)), "PNG")
    sixteen = cv2.imencode(".png", coarse[..., 0].astype(np.uint16) * 257)[1].tobytes()
    return {
        "a-cut-short.jpg": (jpeg[: len(jpeg) // 2], False),
        "a-flipped.jpg": (jpeg[:200] + bytes(100) + jpeg[300:600], False),
        "b-one-pixel.png": (saved(picture.resize((1, 1)), "PNG"), False),
        "b-strip.png": (saved(picture.resize((1000, 2)), "PNG"), False),
        "c-empty.jpg": (b"", False),
        "d-16-bit.png": (sixteen, False),  # a depth map, by all appearance
        "d-grey.jpg": (saved(picture.convert("L"), "JPEG"), True),
        "d-palette.png": (saved(picture.convert("P"), "PNG"), True),
        "e-cmyk.jpg": (saved(picture.convert("CMYK"), "JPEG"), True),
        "f-animated.gif": (saved(picture, "GIF", **frames), True),
        "f-animated.webp": (saved(picture, "WEBP", **frames), True),
        "g-text.jpg": (b"this is no picture\n" * 20, False),
        "h-large.png": (large, False),
        "i-tiny.png": (saved(picture.resize((32, 32)), "PNG"), True),
        "i-black.png": (saved(Image.new("RGB", (96, 72)), "PNG"), True),
    }


def test_a_hostile_folder_harms_no_good_image(finished, photos, tmp_path, capfd):
    folder = shutil.copytree(photos, tmp_path / "in")
    files = hostile()
    for place, (name, (data, _)) in enumerate(files.items()):
        (folder / f"photo-{place:06d}-{name}").write_bytes(data)  # among the good ones
    (folder / "photo-000003-folder.jpg").mkdir()
    build_recipe(stub_recipe(folder, shard_size=SHARD), tmp_path / "out")
    names = {
        f"photo-{place:06d}-{name}".rpartition(".")[0]: good for place, (name, (_, good)) in enumerate(files.items())
    }
    lost = [name for _, name, _ in drops(tmp_path / "out")]
    assert sorted(name for name in lost if "/" not in name) == sorted(name for name, good in names.items() if not good)
    assert {stage for stage, name, _ in drops(tmp_path / "out") if "/" not in name} == {"collect"}
    assert without(rows(tmp_path / "out"), *names) == rows(finished)
    printed, errors = capfd.readouterr()
    assert (printed, errors) == ("", "")


def test_a_folder_of_nothing_but_bad_images(tmp_path):
    (tmp_path / "in").mkdir()
    for name, (data, good) in hostile().items():
        if not good:
            (tmp_path / "in" / name).write_bytes(data)
    info = build_recipe(stub_recipe(tmp_path / "in"), tmp_path / "out")
    assert (info["scenes"], info["qa"]) == (0, 0)
    assert sum(info["drops"]["collect"].values()) == info["frames"]


# -- memory ------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts in /proc")
def test_no_file_stays_open(tmp_path):
    """What memory does over thousands of photos, `benchmarks/photos_memory.py` measures."""
    folder, handles = write_photos(tmp_path / "in", 60, ((64, 48),)), []
    recipe = stub_recipe(folder, shard_size=20, phrase=PhraseConfig(questions_per_image=2))
    build_recipe(recipe, tmp_path / "out", report=lambda *_: handles.append(len(os.listdir("/proc/self/fd"))))
    assert len(handles) == 60
    assert len({*handles[20:]}) == 1


def test_drops_are_where_stages_put_them(photos, tmp_path, monkeypatch):
    """A frame that is dropped by a stage is not seen by those after it."""
    detector, depth = StubDetector(), StubDepth()
    use(monkeypatch, detector=detector, depth=depth)
    monkeypatch.setattr(
        Cull,
        "load",
        lambda _: lambda frames: [f if int(f.id[-1]) % 2 else Drop("cull", f.id, "even: number") for f in frames],
    )
    info = build_recipe(stub_recipe(photos), tmp_path)
    assert sum(detector.calls) == sum(depth.calls) == info["scenes"] == PHOTOS // 2
    assert info["drops"] == {"cull": {"even": PHOTOS - PHOTOS // 2}}
