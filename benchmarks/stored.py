"""Questions from stored scenes: how many a second into Parquet, how many lazily, and what two billion would take.

    python benchmarks/stored.py [--dataset DATASET] [--scenes 256] [--questions 200] [--epochs 16] [--repeats 5]

Without a dataset it makes one of scenes with eight objects each (those of benchmarks/speed.py, 40 different ones under
many names). Rates per core are questions per second of CPU time of one process, medians of the repeats: reading the
scenes, measuring, phrasing and writing Parquet with all evidence; lazily, 20 questions about each scene as `build` asks
by default, and no images read: the first epoch of a dataset opened anew, reading and measuring included, and the next
one, for which up to a thousand scenes are still there. The slice of the two billion is made by the command line with
two workers, and timed by the clock and by CPU time: where they differ the machine had other work.
"""

import argparse
import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_name, "1")

import dataclasses
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from statistics import median
from typing import get_args

from spatialvlm.dataset import Dataset, SceneQuestions, finish, open_for_build, read_dataset, write_shard
from spatialvlm.engine import ask
from spatialvlm.kinds import Mix
from spatialvlm.pipeline import run_stages
from spatialvlm.pipeline.collect import open_source
from spatialvlm.pipeline.phrase import PhraseConfig
from spatialvlm.pipeline.tail import tail
from spatialvlm.recipes import Recipe
from spatialvlm.records import Sample
from speed import frames_with_eight

DISTINCT = 40
SHARD = 128
WANTED = 2_000_000_000
WORKERS = 2
BATCH = 32


def make_dataset(folder: Path, count: int) -> None:
    """Make a dataset of `count` scenes, written as `build` writes it, with few questions."""
    lift, *rest = tail(phrase=PhraseConfig(questions_per_image=20))
    lifted = lift([Sample(frame=frame) for frame in frames_with_eight(min(count, DISTINCT))])
    with open_for_build(folder, Recipe("shapes:1").header(open_source("shapes:1"))) as progress:
        for shard, start in enumerate(range(0, count, SHARD)):
            samples = []
            for index in range(start, min(start + SHARD, count)):
                like = lifted[index % len(lifted)]
                assert like.scene is not None
                scene = dataclasses.replace(like.scene, frame_id=f"stored-{index:06d}")
                samples.append(dataclasses.replace(like, index=index, scene=scene))
            progress.append(write_shard(folder, shard, run_stages(rest, samples)))
        finish(folder)


def per_cpu_second(repeats: int, work: Callable[[int], int]) -> float:
    """Return the median over some runs of what `work(run)` counts, per second of CPU time."""
    rates = []
    for run in range(repeats):
        start = time.process_time()
        done = work(run)
        rates.append(done / (time.process_time() - start))
    return median(rates)


def at_random(lazy: SceneQuestions, size: int) -> int:
    """Ask about the scenes in random order, one by one or so many at once; how many questions there were."""
    order = random.Random(0).sample(range(len(lazy)), len(lazy))
    if size == 1:
        return sum(len(lazy[place].questions) for place in order)
    batches = (order[start : start + size] for start in range(0, len(order), size))
    return sum(len(asked.questions) for batch in batches for asked in lazy.__getitems__(batch))


def measure_lazy(scenes: Dataset, repeats: int) -> None:
    """Time epochs of lazy questions, each time from a dataset that was not read before."""
    ways: dict[str, Callable[[SceneQuestions], int]] = {
        "in order": lambda lazy: sum(len(asked.questions) for asked in lazy),
        f"{BATCH} at random": lambda lazy: at_random(lazy, BATCH),
        "1 at random": lambda lazy: at_random(lazy, 1),
    }
    for name, way in ways.items():
        opened = [SceneQuestions(scenes, images=False) for _ in range(repeats)]
        for epoch, when in enumerate(("first epoch", "next epoch")):
            rate = per_cpu_second(repeats, lambda run, way=way, of=opened, e=epoch: way(of[run].at_epoch(e)))
            print(f"lazy      {rate:.0f} questions/s per worker, {name}, {when}")


def project(dataset: Path, out: Path, options: argparse.Namespace) -> None:
    """Make a slice by the command line, and say what two billion would take."""
    arguments = f"--questions-per-image {options.questions} --epochs {{}} --workers {WORKERS}"
    command = [sys.executable, "-c", "from spatialvlm.cli import main; main()", "ask", str(dataset), "--out", str(out)]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*command, *arguments.format(options.epochs).split()], check=True, capture_output=True)
    elapsed, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    questions = sum(summary["qa"] for summary in read_dataset(out).shards)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    per_epoch = questions / options.epochs / len(read_dataset(dataset))
    print(f"slice     {questions} questions, {size / questions:.1f} bytes each, {WORKERS} workers, start-up included:")
    print(f"          {questions / elapsed:.0f} QA/s by the clock ({elapsed:.1f} s, of CPU {cpu_s:.1f} s)")
    print(f"command   spatialvlm ask DATASET --out QUESTIONS {arguments.format('E')}")
    print(f"2 billion {WANTED / (questions / elapsed) / 3600:.1f} hours by the clock", end=", ")
    print(f"{WANTED / (questions / cpu_s) / 3600:.1f} hours of CPU, {WANTED * size / questions / 1e9:.0f} GB", end="; ")
    print(f"E = {WANTED / per_epoch / 1e6:.1f} million / the number of scenes")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--scenes", type=int, default=256)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        dataset, place = options.dataset, Path(folder)
        if dataset is None:
            dataset = place / "stored"
            make_dataset(dataset, options.scenes)
        scenes = read_dataset(dataset)
        objects = [len(scene.objects) for scene, _ in scenes.scenes(images=False)]
        print(f"scenes    {len(scenes)} with {sum(objects) / len(objects):.1f} objects", end=", ")
        print(f"up to {options.questions} questions about each in an epoch")
        for name, epochs in product(get_args(Mix), sorted({1, options.epochs})):
            mix = PhraseConfig(questions_per_image=options.questions, mix=name)
            outs = [place / f"{name}-{epochs}-{run}" for run in range(options.repeats)]
            rate = per_cpu_second(
                options.repeats, lambda run, to=outs, m=mix, e=epochs: ask(scenes, to[run], mix=m, epochs=e)["qa"]
            )
            print(f"Parquet   {rate:.0f} QA/s per core, mix {name}, {epochs} epochs")
        measure_lazy(scenes, options.repeats)
        project(dataset, place / "slice", options)


if __name__ == "__main__":
    main()
