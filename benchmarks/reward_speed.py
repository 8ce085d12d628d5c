"""How fast is the reward by geometry, and how right, on drawn episodes with exact truth? One process, one thread.

    python benchmarks/reward_speed.py [--frames 60] [--size 320x240]

Milliseconds of processor time a frame: "lift" makes a scene of a frame with depth and masks, "measure" is from that
scene to distances and places, "curve" follows them and makes the rewards; their sum is a frame in memory to its reward.
The episode: a gripper goes to a can, carries it onto a box, and leaves. Printed too: the rank correlation of the
distances with the truth (Spearman), their mean absolute error, and the shares of truths within one and two sigma, for
the stage that is open in each frame; with exact depth, with noise of 1 % in each pixel, and with the can not annotated
in every fourth frame.
"""

import argparse
import os
import sys
import time
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_name, "1")

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np
from scipy.stats import rankdata

from fixtures.worlds.robot_episodes import RobotEpisode, place
from spatialvlm import lift
from spatialvlm.pipeline.collect import parse_size
from spatialvlm.recipes import recipe_for
from spatialvlm.reward import RewardCurve, SceneDistances, SuccessRule, curve_of, follow, goals_of

TASK = "put the red can on the blue box"


def judged(drawn: RobotEpisode) -> tuple[RewardCurve, dict[str, float]]:
    """Return the curve of an episode, and the milliseconds a frame of each part."""
    goals, teller = goals_of(TASK), SceneDistances(recipe_for("", "given"))
    count = len(drawn.frames)
    start = time.process_time()
    scenes = [lift(frame).scene for frame in drawn.frames]
    lifted = time.process_time()
    found = [
        None if scene is None else teller.in_scene(scene, goals, frame) for scene, frame in zip(scenes, drawn.frames)
    ]
    measured = time.process_time()
    times = [0.1 * index for index in range(count)]
    rows = follow(goals, times, {"geometry": found})
    curve = curve_of(TASK, goals, "geometry", times, rows, rule=SuccessRule(0.08, 2))
    ended = time.process_time()
    spans = {"lift": lifted - start, "measure": measured - lifted, "curve": ended - measured}
    return curve, {name: 1000 * span / count for name, span in spans.items()}


def main() -> None:
    """Print a row for each kind of episode."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--frames", type=int, default=60)
    reader.add_argument("--size", default="320x240")
    asked = reader.parse_args()
    kinds = {
        "exact depth": place(asked.frames, size=parse_size(asked.size)),
        "noise of 1 %": place(asked.frames, size=parse_size(asked.size), noise=0.01),
        "can hidden in every fourth frame": place(
            asked.frames, size=parse_size(asked.size), hidden=range(3, asked.frames, 4)
        ),
    }
    judged(kinds["exact depth"])  # warm
    print("| episode | lift ms | measure ms | curve ms | frames/s | Spearman | MAE cm | within 1, 2 sigma | done |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, drawn in kinds.items():
        curve, spent = judged(drawn)
        truth = np.array(
            [drawn.truth_m[curve.goals[p.stage - 1].a, curve.goals[p.stage - 1].b][p.index] for p in curve.points]
        )
        said, sigma = (np.array([getattr(p, field) for p in curve.points]) for field in ("distance_m", "sigma_m"))
        away = np.abs(said - truth)
        cells = [*(f"{span:.1f}" for span in spent.values()), f"{1000 / sum(spent.values()):.0f}"]
        cells += [f"{np.corrcoef(rankdata(said), rankdata(truth))[0, 1]:.3f}", f"{100 * away.mean():.2f}"]
        cells += [f"{np.mean(away < sigma):.0%}, {np.mean(away < 2 * sigma):.0%}", str(curve.succeeded)]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
