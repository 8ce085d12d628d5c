"""Measure how long `spatialvlm answer` takes, start and all, with a small checkpoint of random weights.

    python benchmarks/answer_speed.py [--runs 5]

Each row is a whole process: Python starts, reads picture and weights, answers, ends. The least and the median of the
wall clock and of the processor time, in seconds. Weights are made anew in a folder of their own; modules are compiled
beforehand, as they are where a package is installed.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fixtures.models.numpy_checkpoint import Sizes, write_checkpoint

ROOT = Path(__file__).parents[1]
SIZES = {
    "3 M": Sizes(160, 448, 4, 160, 480, 4, 4, 160, 16, 2048, 16),
    "8 M": Sizes(256, 768, 4, 224, 896, 6, 4, 224, 16, 4096, 16),
}
COMMANDS = ((), ("--samples", "16"), ("--point", "looked.png"))
QUESTION = "How far is the red mug on the desk from the lamp?"


def main() -> None:
    """Print a table of sizes and settings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    texts = [page.read_text(encoding="utf-8") for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        print("| model | picture | command | wall s, least | median | processor s, least | median |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for name, sizes in SIZES.items():
            weights = write_checkpoint(folder / name.replace(" ", ""), sizes, texts)
            millions = (weights / "model.safetensors").stat().st_size / 2e6
            for size, commands in (((160, 120), COMMANDS), ((640, 480), COMMANDS[:1])):
                picture = folder / f"{size[0]}.png"
                noise = np.random.default_rng(0).integers(0, 256, (size[1] // 8, size[0] // 8, 3), np.uint8)
                Image.fromarray(noise).resize(size).save(picture)
                for more in commands:
                    row = timed([str(picture), QUESTION, "--model", str(weights), *more], runs, folder)
                    command = " ".join(("answer", *more))
                    print(f"| {millions:.1f} M | {size[0]}x{size[1]} | `{command}` | {row} |", flush=True)


def timed(arguments: list[str], runs: int, folder: Path) -> str:
    """Run the command in a folder, once to warm up and then several times; the cells of its times."""
    code = "from spatialvlm.cli import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    walls, busy = [], []
    for _ in range(runs + 1):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", code, "answer", *arguments],
            check=True,
            capture_output=True,
            env=environment,
            cwd=folder,
        )
        walls.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        busy.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return " | ".join(f"{value:.2f}" for times in (walls[1:], busy[1:]) for value in (min(times), median(times)))


if __name__ == "__main__":
    main()
