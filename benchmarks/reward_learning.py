"""Does a robot learn by the reward that is measured in pictures, and can it fool that reward? One process, one thread.

    python benchmarks/reward_learning.py --out runs/reward_learning [--seeds 5] [--only shaped]

The task: FetchReach of gymnasium-robotics in episodes of 12 steps; a success is a gripper within 5 cm of the ball at
the end, as the environment itself judges. The agent: the cross-entropy method on a linear policy of 12 numbers; it sees
where gripper and ball are, in numbers, so that only the reward differs. Each generation plays 16 policies on the same
three goals, and its mean is then tried on 25 goals that no training has. A run ends after 11 generations,
or three in a row with 95 % of success.

    sparse      the environment's: -1 for each step beyond 5 cm
    dense       the environment's: minus the true distance
    distance    SpatialRewardWrapper, minus the distance that two cameras tell
    shaped      SpatialRewardWrapper, differences of potentials (its default)

The second part turns the agent against the reward: a policy of 27 numbers, which knows the time and its place too, is
to make the told progress (the return of `shaped`) as much more than the true progress as it can, where going away
counts as none. Printed are what it got, and of all policies ever played those that the reward likes and the truth does
not.

A JSON file in OUT for each reward and seed; what is there is not run again, and `--show` prints it alone. Steps of
trying out are not counted.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_name, "1")

import numpy as np

from spatialvlm.pipeline.lift import LiftConfig
from spatialvlm.recipes import recipe_for
from spatialvlm.reward import SceneDistances, SpatialRewardWrapper
from spatialvlm.worlds.fetch import FETCH_TASKS, fetch_env, fetch_frames

OWN, OURS = ("sparse", "dense"), ("distance", "shaped")
LEAST_PIXELS = 12  # of a mask: the ball is some 50 pixels large, less where the hand is before it
TRIED_FROM, TRIED = 1_000_000, 25  # seeds of the goals that no training has
LEARNT, LEARNT_FOR = 0.95, 3  # success, generations in a row
LIKED, GOOD = 0.8, 0.5  # progress


@dataclass(frozen=True)
class Sizes:
    """How much is run: steps an episode, policies and goals a generation, how many of the policies are the best ones.

    `noise` is what the spread of policies has at least in the first generation, in each later one 0.8 times as much.
    Ours measures every so many steps, in pictures of `size`.
    """

    steps: int = 12
    policies: int = 16
    goals: int = 3
    best: int = 4
    generations: int = 11
    noise: float = 0.2
    every: int = 6
    size: tuple[int, int] = (160, 120)


HACKING = Sizes(generations=8, noise=0.3)


def environment(reward: str, sizes: Sizes) -> Any:
    """Make FetchReach with one of the rewards."""
    own = "sparse" if reward == "sparse" else "dense"
    env = fetch_env("reach", reward_type=own, max_episode_steps=sizes.steps)
    if reward in OWN:
        return env
    lifted = replace(recipe_for("", "given"), lift=LiftConfig(min_pixels=LEAST_PIXELS))
    frames = fetch_frames("reach", size=sizes.size, colour=False)
    words, shaping = FETCH_TASKS["reach"].words, "distance" if reward == "distance" else "shaped"
    return SpatialRewardWrapper(env, words, SceneDistances(lifted), frames=frames, every=sizes.every, shaping=shaping)


def action(policy: np.ndarray, observed: dict[str, np.ndarray], start: np.ndarray, share: float) -> np.ndarray:
    """Return what a policy does: linear in the way to the goal, or in the way from the start and the time as well."""
    way = (observed["desired_goal"] - observed["achieved_goal"]) / 0.15
    seen = [*way, 1.0]
    if policy.shape[1] > len(seen):
        seen += [*((observed["achieved_goal"] - start) / 0.15), share, share**2]
    return np.append(np.clip(policy @ np.array(seen), -1, 1), 0.0).astype(np.float32)


def play(env: Any, policy: np.ndarray, seed: int, steps: int) -> dict[str, float]:
    """Play an episode: its return, whether it truly ended in success, true and told progress, and what was told."""
    observed, info = env.reset(seed=seed)
    start, total = observed["achieved_goal"].copy(), 0.0
    first_m = last_m = float(np.linalg.norm(observed["desired_goal"] - start))
    before = info.get("potential", 0.0)
    for step in range(steps):
        observed, reward, _, _, info = env.step(action(policy, observed, start, step / steps))
        total += float(reward)
        last_m = float(np.linalg.norm(observed["desired_goal"] - observed["achieved_goal"]))
    told = info.get("potential", 0.0) - before
    success, told_success = float(info["is_success"]), float(info.get("told_success", 0.0))
    true = 1 - last_m / max(first_m, 0.05)  # the told distance counts from the threshold too
    return {"return": total, "success": success, "true": true, "told": told, "told_success": told_success}


def mean_of(env: Any, policy: np.ndarray, seeds: range, steps: int) -> dict[str, float]:
    """Average some episodes of one policy."""
    played = [play(env, policy, seed, steps) for seed in seeds]
    return {name: float(np.mean([one[name] for one in played])) for name in played[0]}


def learn(reward: str, seed: int, sizes: Sizes) -> dict[str, Any]:
    """Learn by the cross-entropy method; `hack` is for told progress beyond the true one."""
    hacks = reward == "hack"
    env, plain = environment("shaped" if hacks else reward, sizes), environment("dense", sizes)
    generator = np.random.default_rng(seed)
    shape = (3, 9 if hacks else 4)
    mean, spread = np.zeros(shape), np.full(shape, 0.5)
    curve, policies, taken, start = [[0, mean_of(plain, mean, _tried(), sizes.steps)["success"]]], [], 0, time.time()
    for generation in range(sizes.generations):
        drawn = mean + spread * generator.normal(size=(sizes.policies, *shape))
        seeds = range(first := 1000 * seed + sizes.goals * generation, first + sizes.goals)
        played = [mean_of(env, policy, seeds, sizes.steps) for policy in drawn]
        scores = [one["told"] - max(one["true"], 0.0) if hacks else one["return"] for one in played]
        best = drawn[np.argsort(scores)[-sizes.best :]]
        mean, spread = best.mean(axis=0), best.std(axis=0) + sizes.noise * 0.8**generation
        taken += sizes.policies * sizes.goals * sizes.steps
        policies += [[round(one[name], 4) for name in ("told", "true", "told_success", "success")] for one in played]
        if not hacks:
            curve.append([taken, mean_of(plain, mean, _tried(), sizes.steps)["success"]])
            if len(curve) > LEARNT_FOR and min(share for _, share in curve[-LEARNT_FOR:]) >= LEARNT:
                break
    told = {"reward": reward, "seed": seed, "sizes": asdict(sizes), "curve": curve, "seconds": time.time() - start}
    if hacks:
        told["final"] = mean_of(env, mean, _tried(), sizes.steps)
    env.close()
    return told | {"policies": policies if reward in ("shaped", "hack") else []}


def _tried() -> range:
    return range(TRIED_FROM, TRIED_FROM + TRIED)


def run(out: Path, reward: str, seed: int, sizes: Sizes) -> dict[str, Any]:
    """Read a run that is there, or run it."""
    path = out / f"{reward}-{seed}.json"
    if path.exists():
        told = json.loads(path.read_text("utf-8"))
        if told["sizes"] != json.loads(json.dumps(asdict(sizes))):
            sys.exit(f"{path}: holds a run of {told['sizes']}; give another --out")
        return told
    told = learn(reward, seed, sizes)
    started = path.with_suffix(".tmp")
    started.write_text(json.dumps(told) + "\n", "utf-8")
    os.replace(started, path)
    print(f"{path.name}: {told['seconds']:.0f} s, success {told['curve'][-1][1]:.2f}", file=sys.stderr, flush=True)
    return told


def steps_to(curve: list[list[float]], success: float) -> float:
    """Return after how many steps a share of success was there to stay; infinite where it was not at the end."""
    below = [place for place, (_, share) in enumerate(curve) if share < success]
    first = below[-1] + 1 if below else 0
    return curve[first][0] if first < len(curve) else np.inf


def told_of_learning(runs: dict[str, list[dict[str, Any]]]) -> None:
    """Print a row for each reward, and the ratio to the true dense one."""
    print("| reward | seeds | steps to 80 % | steps to 90 % | success at the end |\n| --- | --- | --- | --- | --- |")
    middle: dict[str, list[float]] = {}
    for reward, some in runs.items():
        cells = [reward, str(len(some))]
        for share in (0.8, 0.9):
            steps = [steps_to(one["curve"], share) for one in some]
            middle.setdefault(reward, []).append(float(np.median(steps)))
            cells.append(f"{np.median(steps):g} ({min(steps):g} to {max(steps):g})")
        ends = [one["curve"][-1][1] for one in some]
        cells.append(f"{np.median(ends):.0%} ({min(ends):.0%} to {max(ends):.0%})")
        print(f"| {' | '.join(cells)} |")
    for reward in [one for one in OURS if one in middle and "dense" in middle]:
        ratios = [ours / true for ours, true in zip(middle[reward], middle["dense"])]
        print(f"{reward} / dense: {ratios[0]:.2f} times the steps to 80 %, {ratios[1]:.2f} to 90 %")
    print("\nsuccess against steps, median over seeds:")
    for reward, some in runs.items():
        curves = [[share for _, share in one["curve"]] for one in some]
        shares = np.median([one + one[-1:] * (Sizes.generations + 1 - len(one)) for one in curves], axis=0)
        print(f"{reward}: {' '.join(f'{share:.2f}' for share in shares)}")


def told_of_hacking(runs: list[dict[str, Any]], learned: list[dict[str, Any]]) -> None:
    """Print what an adversary got, and the worst policies that the reward likes."""
    print(
        "\n| adversary | told progress | true progress | told success | true success |\n| --- | --- | --- | --- | --- |"
    )
    for one in runs:
        final = one["final"]
        print(
            f"| seed {one['seed']} | {final['told']:.2f} | {final['true']:.2f} | {final['told_success']:.0%} "
            f"| {final['success']:.0%} |"
        )
    for name, some in (("an adversary", runs), ("the agent that learns by `shaped`", learned)):
        played = np.array([row for one in some for row in one["policies"]])
        if not len(played):
            continue
        liked = played[played[:, 0] >= LIKED]
        worst = liked[liked[:, 1].argmin()] if len(liked) else None
        gap = played[(played[:, 0] - np.maximum(played[:, 1], 0.0)).argmax()]
        print(f"\nof {len(played)} policies of {name}, the largest gap is told {gap[0]:.2f}, true {gap[1]:.2f};")
        if worst is not None:
            bad = np.mean(liked[:, 1] < GOOD)
            print(
                f"of {len(liked)} told to get {LIKED:.0%} of the way or more, {bad:.1%} truly get less than {GOOD:.0%},"
            )
            print(f"the worst of them is told {worst[0]:.2f}, true {worst[1]:.2f}")


def main() -> None:
    """Run what is missing, and print the tables."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--out", type=Path, required=True)
    reader.add_argument("--seeds", type=int, default=5)
    reader.add_argument("--hack-seeds", type=int, default=3)
    reader.add_argument("--show", action="store_true", help="run nothing: print the tables of what is there")
    reader.add_argument("--only", choices=(*OWN, *OURS, "hack"), action="append")
    asked = reader.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    wanted = asked.only or (*OWN, *OURS, "hack")
    runs: dict[str, list[dict[str, Any]]] = {}
    for seed in range(max(asked.seeds, asked.hack_seeds)):
        for reward in wanted:
            missing = asked.show and not (asked.out / f"{reward}-{seed}.json").exists()
            if not missing and seed < (asked.hack_seeds if reward == "hack" else asked.seeds):
                sizes = HACKING if reward == "hack" else Sizes()
                runs.setdefault(reward, []).append(run(asked.out, reward, seed, sizes))
    hacked = runs.pop("hack", [])
    told_of_learning(runs)
    told_of_hacking(hacked, runs.get("shaped", []))


if __name__ == "__main__":
    main()
