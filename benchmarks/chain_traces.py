"""Tell chains by calls of tools and judge each: do all hold, and is whatever is made wrong found at that very step?

    python benchmarks/chain_traces.py [--chains 10000] [--corrupted 1000] [--dataset DATASET] [--per-scene 40]

Without DATASET furnished rooms are lifted from their exact depth, as many as it takes; nothing is rendered. Printed are
the chains by kind, those that do not hold or end elsewhere than `replay`, the corruptions by sort and how many were
found at their step, and the time that one took.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fixtures.corrupted_calls import SORTS, Messages, corrupt
from spatialvlm.chains import Chain, chains_of, replay
from spatialvlm.dataset import read_dataset
from spatialvlm.pipeline.collect import open_rooms
from spatialvlm.pipeline.lift import lift
from spatialvlm.reason import chain_messages, check
from spatialvlm.records import Scene

MOST_ROOMS = 100_000


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chains", type=int, default=10_000)
    parser.add_argument("--corrupted", type=int, default=1_000)
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--per-scene", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    kinds, untold, wrong, faults = Counter[str](), Counter[str](), list[str](), Counter[tuple[str, bool]]()
    calls = scenes = 0
    telling = judging = 0.0
    every = max(asked.chains // max(asked.corrupted, 1), 1)
    for scene in scenes_of(asked.dataset, asked.seed):
        scenes += 1
        for chain in chains_of(scene, asked.per_scene, asked.seed):
            start = time.perf_counter()
            messages = chain_messages(chain, scene)
            told = time.perf_counter()
            telling += told - start
            if isinstance(messages, str):
                untold[f"{chain.kind}/{messages}"] += 1
                continue
            checked = check(messages, scene)
            judging += time.perf_counter() - told
            kinds[chain.kind] += 1
            calls += checked.calls
            if not (checked.holds and replay(chain, scene) == chain.value):
                wrong.append(f"{chain.question} {checked}")
            if faults.total() < min(kinds.total() // every, asked.corrupted):
                faults.update(one_fault(messages, chain, scene, SORTS[faults.total() % len(SORTS)], rng))
            if kinds.total() >= asked.chains:
                break
        if kinds.total() >= asked.chains:
            break
    total = kinds.total()
    print(f"{total} chains about {scenes} scenes, {calls} calls: {total - len(wrong)} hold, {len(wrong)} do not")
    print(*wrong[:10], sep="\n", end="\n" if wrong else "")
    print("by kind:", json.dumps(dict(sorted(kinds.items()))))
    print("not told:", json.dumps(dict(sorted(untold.items()))))
    for sort in SORTS:
        print(
            f"made wrong, {sort}: {faults[sort, True]} of {faults[sort, True] + faults[sort, False]} found at the step"
        )
    print(f"ms for a chain: {1e3 * telling / max(total, 1):.2f} to tell, {1e3 * judging / max(total, 1):.2f} to judge")


def scenes_of(dataset: Path | None, seed: int) -> Iterator[Scene]:
    """Yield the scenes of a dataset, or of rooms."""
    if dataset is not None:
        yield from (scene for scene, _ in read_dataset(dataset).scenes(images=False))
        return
    rooms = open_rooms(MOST_ROOMS, seed=seed, size=(320, 240))
    for index in range(MOST_ROOMS):
        scene = lift(rooms.truth(index).frame).scene
        if scene is not None:
            yield scene


def one_fault(
    messages: Messages, chain: Chain, scene: Scene, sort: str, rng: np.random.Generator
) -> list[tuple[str, bool]]:
    """Make one thing wrong, and tell whether it was found at its step; nothing where there is no such thing."""
    made = corrupt(messages, chain, scene, sort, rng)
    return [] if made is None else [(sort, check(made[0], scene).wrong == made[1])]


if __name__ == "__main__":
    main()
