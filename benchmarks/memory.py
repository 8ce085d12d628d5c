"""Does a build stay small? Memory, images per second and questions per second over thousands of frames.

    python benchmarks/memory.py [--frames 2000] [--width 160] [--height 120] [--workers 1]

An RGB-D folder of 40 rendered scenes, each under many ids, is built as `spatialvlm build` does it. Fails where the
process ever holds 1 GB, or holds more than 10 % more in the last quarter than in the first.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_name, "1")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fixtures.folders.tiny import write_rgbd
from spatialvlm.engine import build_recipe
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.recipes import Recipe

DISTINCT = 40
MAX_MB = 1000.0
GROWTH = 1.10
MIN_FRAMES = 1500  # a shorter build still fills its buffers in the first quarter


def resident_mb() -> float:
    """Return the megabytes that this process holds now; where there is no /proc, the most it ever held."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return peak_mb()


def peak_mb() -> float:
    """Return the most megabytes that this process, or the largest of its workers, ever held."""
    unit = 1 if sys.platform == "darwin" else 1024
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(one).ru_maxrss for one in who) * unit / 1e6


class Gauge:
    """Take the progress of a build, and the memory at every step of it."""

    def __init__(self):
        self.frames = self.questions = 0
        self.samples = []
        self.started = time.perf_counter()

    def begin(self, total, done):
        """Start the clock of a build."""
        self.total, self.started = total, time.perf_counter()

    def report(self, frames, questions, drops):
        """Note that so many more are done, and print every tenth of the build."""
        before, self.frames, self.questions = self.frames, self.frames + frames, self.questions + questions
        self.samples.append((self.frames, resident_mb()))
        step = max(self.total // 10, 1)
        if before // step != self.frames // step:
            elapsed = time.perf_counter() - self.started
            rates = f"{self.frames / elapsed:7.1f} images/s {self.questions / elapsed:8.0f} QA/s"
            print(f"{self.frames:6d} frames  {self.samples[-1][1]:7.1f} MB  {rates}", flush=True)

    def max_mb(self, first, last):
        """Return the most megabytes held between two shares of the build."""
        return max(mb for frames, mb in self.samples if first * self.total <= frames <= last * self.total)


def main():
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--width", type=int, default=160)
    parser.add_argument("--height", type=int, default=120)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scenes = ShapesSource(DISTINCT, width=options.width, height=options.height)
        frames = (frame for index in range(DISTINCT) if (frame := scenes.read(index).frame) is not None)
        copies = -(-options.frames // DISTINCT)
        source = write_rgbd(Path(folder, "frames"), frames, copies=copies)
        print(f"before the build {resident_mb():.1f} MB")
        gauge = Gauge()
        recipe = Recipe(str(source), limit=options.frames)
        info = build_recipe(
            recipe, Path(folder, "out"), workers=options.workers, begin=gauge.begin, report=gauge.report
        )
        elapsed = time.perf_counter() - gauge.started
    print(
        f"all    {info['frames']} frames, {info['scenes']} scenes, {info['qa']} questions in {elapsed:.1f} s", end=": "
    )
    print(f"{info['frames'] / elapsed:.1f} images/s, {info['qa'] / elapsed:.0f} QA/s with the report")
    first, last = gauge.max_mb(0.0, 0.25), gauge.max_mb(0.75, 1.0)
    print(f"memory {peak_mb():.1f} MB at most; {first:.1f} MB in the first quarter, {last:.1f} MB in the last")
    assert peak_mb() < MAX_MB, f"expected less than {MAX_MB:.0f} MB"
    if options.frames >= MIN_FRAMES:
        assert last <= GROWTH * first, "memory grows with the number of frames"


if __name__ == "__main__":
    main()
