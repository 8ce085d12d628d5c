"""How well an anchor fixes the scale: rendered rooms whose depth is multiplied by a random factor.

    python benchmarks/anchors.py --rooms 100

Each room's exact depth is multiplied by a factor from 0.6 to 1.6, and lifted with nothing known, with the camera's
height, with the height of one object, the largest in the picture of those that are in sight as a whole, and with both.
"Up found" is without given gravity: the rooms dropped there are those in which no plane says where up is.
The error model is told that the scale may be wrong by 30 %. Distances of centres are compared with those of what is
seen.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from fixtures.worlds.anchored_rooms import results


def main() -> None:
    """Run from the command line: a row per way of knowing the scale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=60)
    parser.add_argument("--seed", type=int, default=77)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"{'known':24} rooms  drops  distances  median error   within 1 sigma  within 2 sigma")
    for name, (errors, sigmas, rooms, drops) in results(asked.rooms, asked.seed).items():
        print(
            f"{name:24} {rooms:5}  {drops:5}  {len(errors):9}  {np.median(errors):12.2%}  "
            f"{np.mean(errors < sigmas):15.1%} {np.mean(errors < 2 * sigmas):15.1%}"
        )


if __name__ == "__main__":
    main()
