"""Are the furnished rooms possible, and how long do they and their pictures take?

    python benchmarks/rooms.py [--layout 500] [--render 20] [--size 320x240] [--spp 16]

`--layout` furnishes so many rooms and checks each by its geometry alone (`tests/fixtures/worlds/plausible.py`): no two
things reach into each other by more than 1 mm, everything stands on its support within 1 mm (on a cushion within 12
mm) and would not tip over, nothing leaves the room. Exits 1 if anything is wrong. `--render` times whole frames, from
the number of a room to its PNG, by CPU time of one process; SPATIALVLM_ROOMS_VARIANT chooses the variant of Mitsuba.
"""

import argparse
import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_name, "1")

import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from spatialvlm.pipeline.collect import parse_size
from spatialvlm.pipeline.collect.rooms import RoomsSource
from spatialvlm.worlds.rooms import furnish

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from fixtures.worlds.plausible import faults


def check_layouts(count, seed):
    """Print what is wrong with each room, and the figures. Returns the number of faults."""
    seconds, things, kinds, categories, found = [], [], Counter(), Counter(), 0
    for k in range(count):
        start = time.process_time()
        room = furnish(np.random.default_rng([seed, k]))
        seconds.append(time.process_time() - start)
        things.append(len(room.things))
        kinds[room.kind] += 1
        categories.update({thing.furniture.category for thing in room.things})
        for fault in faults(room):
            found += 1
            print(f"room {k} ({room.kind}): {fault}")
    print(f"{count} rooms: {found} faults")
    print(f"CPU ms a room: median {1e3 * np.median(seconds):.0f}, 95 % {1e3 * np.quantile(seconds, 0.95):.0f}, "
          f"most {1e3 * max(seconds):.0f}")  # fmt: skip
    print(f"things a room: {min(things)} to {max(things)}, median {np.median(things):.0f}")
    print("kinds:", ", ".join(f"{kind} {n}" for kind, n in kinds.most_common()))
    print("rooms with:", ", ".join(f"{name} {n}" for name, n in categories.most_common()))
    return found


def time_frames(count, seed, size, spp):
    """Print how long frames take, with their pictures and without."""
    source = RoomsSource(count + 1, seed=seed, size=parse_size(size), spp=spp)
    source.read(count)  # textures are made once
    variant = source.fingerprint.split("/")[2]
    for name, make in (("frames", source.read), ("truth alone", source.truth)):
        seconds = []
        for k in range(count):
            start = time.process_time()
            make(k)
            seconds.append(time.process_time() - start)
        rate = 1.0 / np.median(seconds)
        print(f"{name}: {rate:.2f} a second and core ({variant}, {size}, {spp} spp, median of {count})")


def main():
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layout", type=int, default=500, metavar="N", help="rooms to furnish and to check")
    parser.add_argument("--render", type=int, default=20, metavar="N", help="frames to time")
    parser.add_argument("--size", default="320x240")
    parser.add_argument("--spp", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.render:
        time_frames(arguments.render, arguments.seed, arguments.size, arguments.spp)
    sys.exit(1 if arguments.layout and check_layouts(arguments.layout, arguments.seed) else 0)


if __name__ == "__main__":
    main()
