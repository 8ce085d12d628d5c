"""How far the gripper is from things, said from the picture alone: robot table-tops that nothing was trained on.

    python benchmarks/gripper_distance.py [--model MODEL] [--views 240] [--seed 9031] [--size 256x192]

`--model` is what `spatialvlm answer` takes, by default the small model of the package. Of each view up to `--each`
distances between the gripper and a thing are asked, center to center. Printed: the rank correlation with the truth
(Spearman), the median absolute error, the share within a factor of two, each with the 95 % interval of 1,000 resamples
of the tables, and what always saying the median would give.
"""

import argparse
import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int
from scipy.stats import rankdata

from spatialvlm import lift
from spatialvlm.answering import choose_model
from spatialvlm.answers import Length
from spatialvlm.models import Runtime, load_vlm
from spatialvlm.pipeline.collect import open_tabletops
from spatialvlm.pipeline.measure import measure
from spatialvlm.pipeline.phrase import PhraseConfig, phrase
from spatialvlm.quantities import parse

VIEWS_A_TABLE, RESAMPLES, BATCH = 6, 1000, 32


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question about a picture, the distance in metres that is true, and the table."""

    picture: np.ndarray
    question: str
    truth_m: float
    table: int


def questions(views: int, seed: int, size: tuple[int, int], each: int) -> Iterator[Asked]:
    """Ask about the gripper in views of robot table-tops."""
    source = open_tabletops(views, seed=seed, size=size)
    config = PhraseConfig(kinds=("distance",), questions_per_image=60)
    for index in range(views):
        frame = source.read(index).frame
        scene = lift(frame).scene
        asked = phrase(scene, measure(scene), seed, config).questions if scene is not None else ()
        found = [qa for qa in asked if any("gripper" in name for name in qa.names)]
        for qa in found[:each]:
            if isinstance(qa.value, Length):
                yield Asked(frame.image, qa.question, qa.value.metres, index // VIEWS_A_TABLE)


def figures(truth: Float64[np.ndarray, " n"], said: Float64[np.ndarray, " n"]) -> tuple[float, float, float]:
    """Return the rank correlation, the median absolute error in metres, and the share within a factor of two."""
    ratio = said / truth
    rank = np.corrcoef(rankdata(truth), rankdata(said))[0, 1]
    return float(rank), float(np.median(np.abs(said - truth))), float(np.mean((ratio >= 0.5) & (ratio <= 2.0)))


def intervals(truth: np.ndarray, said: np.ndarray, table: Int[np.ndarray, " n"], seed: int) -> np.ndarray:
    """Return the 2.5 and 97.5 percentiles of the figures over resamples of whole tables, (2, 3)."""
    rng, groups = np.random.default_rng(seed), [np.flatnonzero(table == one) for one in np.unique(table)]
    drawn = []
    for _ in range(RESAMPLES):
        rows = np.concatenate([groups[place] for place in rng.integers(len(groups), size=len(groups))])
        drawn.append(figures(truth[rows], said[rows]))
    return np.percentile(drawn, [2.5, 97.5], axis=0)


def main() -> None:
    """Ask a model, and print how right it is."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--model")
    reader.add_argument("--views", type=int, default=240)
    reader.add_argument("--seed", type=int, default=9031)
    reader.add_argument("--size", default="256x192")
    reader.add_argument("--each", type=int, default=3)
    given = reader.parse_args()
    width, height = (int(part) for part in given.size.split("x"))
    asked = list(questions(given.views, given.seed, (width, height), given.each))
    vlm = load_vlm(choose_model(given.model), Runtime(), max_new_tokens=32)
    replies: list[str] = []
    for first in range(0, len(asked), BATCH):
        replies += vlm.answers([([one.picture], one.question) for one in asked[first : first + BATCH]])
    truth = np.array([one.truth_m for one in asked])
    read = np.array([parse(reply) or np.nan for reply in replies])
    said = np.where(np.isnan(read), np.median(truth), read)
    table = np.array([one.table for one in asked])
    low, high = intervals(truth, said, table, given.seed)
    print(f"{vlm.name}: {len(asked)} distances in {given.views} views, {np.isnan(read).sum()} answers without a length")
    nearest, middle, farthest = np.percentile(truth, [5, 50, 95])
    print(f"truth: median {middle:.3f} m, 5 to 95 % {nearest:.3f} to {farthest:.3f} m")
    always = middle * (1 + 1e-9 * np.arange(len(truth)))  # all but the same, as ranks of equal numbers are undefined
    of_model, of_middle = figures(truth, said), figures(truth, always)
    names = (("Spearman", ""), ("median absolute error", " m"), ("within [50, 200] %", ""))
    for place, (name, unit) in enumerate(names):
        beside = f"; always the median: {of_middle[place]:.3f}{unit}" if place else ""
        print(f"{name}: {of_model[place]:.3f}{unit} ({low[place]:.3f} to {high[place]:.3f}){beside}")


if __name__ == "__main__":
    main()
