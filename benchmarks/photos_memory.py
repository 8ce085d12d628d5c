"""Does a build with models stay small? Memory and open files over thousands of photos.

    python benchmarks/photos_memory.py [--images 10000] [--width 96] [--height 72]

Small photos through the stub models of tests/fixtures/models/stub_models.py, with everything else real: threads,
stages, files. Fails where the second half of the build ever holds over 5 % more than the first half, or keeps more
files open. The report that follows the build is left out of it.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_name, "1")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fixtures.models.stub_models import stub_recipe, stub_stages, write_photos
from memory import Gauge, resident_mb
from spatialvlm.engine import build_recipe

STEP = 500


def open_files():
    """Count the files that this process has open, as /proc knows; 0 where there is none."""
    folder = Path("/proc/self/fd")
    return len(os.listdir(folder)) if folder.exists() else 0


def main():
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--width", type=int, default=96)
    parser.add_argument("--height", type=int, default=72)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photos = write_photos(Path(folder, "photos"), options.images, ((options.width, options.height),))
        print(f"before the build {resident_mb():.1f} MB, {open_files()} files open")
        gauge, files, recipe = Gauge(), [], stub_recipe(photos)

        def report(*added):
            before = gauge.frames // STEP
            gauge.report(*added)
            if gauge.frames // STEP != before:
                files.append(open_files())

        stages = stub_stages(recipe)
        info = build_recipe(recipe, Path(folder, "out"), stages=stages, begin=gauge.begin, report=report)
    first, last = gauge.max_mb(0.0, 0.5), gauge.max_mb(0.5, 1.0)
    print(f"{info['scenes']} scenes; memory {first:.1f} MB at most in the first half, {last:.1f} MB in the second")
    print(f"open files every {STEP} images: {' '.join(map(str, files))}")
    assert last <= 1.05 * first, "memory grows with the number of images"
    assert not files or files[-1] <= files[0], "files stay open"


if __name__ == "__main__":
    main()
