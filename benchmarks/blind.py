"""What words alone give away: a learner that sees no picture, trained on the questions of rooms and tested on others.

    python benchmarks/blind.py [--dataset DATASET ...] [--train 300] [--test 150] [--mix paper]
                               [--balance names] [--work FOLDER]

Without a dataset it makes one of rooms with exact depth and masks, and no pictures (about 0.3 s a room); with --work
the scenes are kept for the next run. The learner is a softmax regression on words and pairs of neighbours: those of the
wording, by kind, and those of the names, by slot. Kinds that compare the same quantity are learned together, so that
what is learned of lamps in "taller" serves in "shorter". Its strength of regularisation is chosen on the last fifth of
the training rooms.

Beside the answer that is most common in training: how much better the learner does on the test rooms, in points, with
the 95 % interval of 1,000 resamples of the rooms, for every kind and for all kinds that compare the same quantity.
"""

import argparse
import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_name, "1")

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float64, Int

from spatialvlm import lift
from spatialvlm.answers import Choice, Clock, Count, Order, YesNo
from spatialvlm.dataset import finish, open_for_build, read_dataset, write_shard
from spatialvlm.kinds import KINDS, LETTERS, MIXES
from spatialvlm.pipeline.collect import open_rooms, open_source
from spatialvlm.pipeline.measure import measure
from spatialvlm.pipeline.phrase import PhraseConfig, phrase
from spatialvlm.recipes import Recipe
from spatialvlm.records import QA

SHARD = 50
QUESTIONS = 200
LEAST_SEEN = 3
STRENGTHS = (1e-3, 1e-2)
STEPS, RATE = 150, 0.05
RESAMPLES = 1000
SAME = "same"
_WORD = re.compile(r"[a-z0-9'-]+|\[[a-e]\]")


@dataclass(frozen=True, slots=True)
class Example:
    """A question as the learner sees it. `label` is its answer: of a comparison whether A has more of the quantity."""

    room: int
    kind: str
    label: str
    features: tuple[str, ...]


def make_dataset(folder: Path, count: int, seed: int) -> None:
    """Make a dataset of rooms without pictures and without questions."""
    rooms = open_rooms(count, seed=seed, size=(320, 240))
    with open_for_build(folder, Recipe("shapes:1").header(open_source("shapes:1"))) as progress:
        for shard, start in enumerate(range(0, count, SHARD)):
            lifted = [lift(rooms.truth(i).frame) for i in range(start, min(start + SHARD, count))]
            progress.append(write_shard(folder, shard, lifted))
            print(f"{start + len(lifted)} of {count} rooms", file=sys.stderr)
        finish(folder)


def label_of(qa: QA) -> str | None:
    """Say what is to be learned of a question; None where the answer is a length or an angle."""
    kind = KINDS[qa.kind]
    match qa.value:
        case YesNo(yes):
            return _signed(kind.sign, 1 if yes else -1) if kind.form.compares else str(yes)
        case Choice(options, right) as choice:
            if kind.form.compares:
                return SAME if right == 2 else _signed(kind.sign, 1 if _first(qa, choice.chosen) else -1)
            return str(qa.names.index(options[right])) if kind.form.of_subjects else choice.chosen
        case Count(number) | Clock(number):
            return str(number)
        case Order(items):
            return " ".join(str(qa.names.index(item)) for item in items)
    return None


def _signed(sign: int, outcome: int) -> str:
    return "more" if sign * outcome > 0 else "less"


def _first(qa: QA, chosen: str) -> bool:
    """Tell whether a comparison came out for A: by its name, or by the word of the kind."""
    return chosen in (qa.names[0], KINDS[qa.kind].word)


def features_of(qa: QA) -> tuple[str, ...]:
    """Take the words of a question apart: those of the wording by kind, those of the names by slot."""
    text, found = qa.question.lower(), []
    for letter, name in zip(LETTERS.lower(), qa.names):
        text = text.replace(name.lower(), f"[{letter}]")
        words = name.lower().split()[1:]
        found += [f"{letter}={name}", *(f"{letter}:{word}" for word in (*words, *map(" ".join, pairwise(words))))]
    said = ["^", *_WORD.findall(text), "$"]
    found += [f"{qa.kind}:{word}" for word in (*said, *map(" ".join, pairwise(said)))]
    return tuple(dict.fromkeys(found))


def examples(folders: Sequence[Path], mix: str, balance: Literal["names", "none"]) -> Iterator[Example]:
    """Ask about every scene of some datasets; what has no label is left out."""
    config = PhraseConfig(questions_per_image=QUESTIONS, kinds=MIXES[mix], balance=balance)
    scenes = (scene for folder in folders for scene, _ in read_dataset(folder).scenes(images=False))
    for room, scene in enumerate(scenes):
        for qa in phrase(scene, measure(scene, kinds=MIXES[mix]), 0, config).questions:
            label = label_of(qa)
            if label is not None:
                yield Example(room, qa.kind, label, features_of(qa))


class Learner:
    """A softmax regression on binary features that were seen a few times."""

    def __init__(self, rows: Sequence[Example], strength: float):
        seen = Counter(feature for row in rows for feature in row.features)
        self._place = {feature: i for i, feature in enumerate(f for f, n in seen.items() if n >= LEAST_SEEN)}
        self.labels = sorted({row.label for row in rows})
        self._weights = np.zeros((len(self._place) + 1, len(self.labels)))
        at, of = self._sparse(rows)
        target = np.eye(len(self.labels))[[self.labels.index(row.label) for row in rows]]
        mean, square = np.zeros((2, *self._weights.shape))
        for step in range(1, STEPS + 1):  # Adam
            miss = (self._chances(at, of, len(rows)) - target) / len(rows)
            slope = strength * self._weights
            for k, column in enumerate(miss.T):
                slope[:, k] += np.bincount(at, column[of], minlength=len(slope))
            mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
            self._weights -= RATE * mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.999**step)) + 1e-9)

    def _sparse(self, rows: Sequence[Example]) -> tuple[Int[np.ndarray, " z"], Int[np.ndarray, " z"]]:
        """List which features stand in which row; the last one in all."""
        every = len(self._place)
        known = [[*(self._place[f] for f in row.features if f in self._place), every] for row in rows]
        sizes = [len(places) for places in known]
        return np.concatenate([np.array(p, np.intp) for p in known]), np.repeat(np.arange(len(rows)), sizes)

    def _chances(self, at: Int[np.ndarray, " z"], of: Int[np.ndarray, " z"], count: int) -> Float64[np.ndarray, "n k"]:
        scores = np.stack([np.bincount(of, weights[at], minlength=count) for weights in self._weights.T], axis=1)
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)

    def chances(self, rows: Sequence[Example]) -> Float64[np.ndarray, "n k"]:
        """Tell how likely each label is for each row."""
        return self._chances(*self._sparse(rows), len(rows))

    def right(self, rows: Sequence[Example]) -> list[bool]:
        """Tell which rows it answers right."""
        guesses = self.chances(rows).argmax(axis=1)
        return [self.labels[guess] == row.label for guess, row in zip(guesses, rows)]


def trained(rows: Sequence[Example], rooms: int) -> Learner:
    """Train on all rows, as strongly regularised as is best for the last fifth of the rooms."""
    early = [row for row in rows if row.room < rooms * 4 // 5]
    late = [row for row in rows if row.room >= rooms * 4 // 5]
    best = max(STRENGTHS, key=lambda strength: sum(Learner(early, strength).right(late)))
    return Learner(rows, best)


def measured(rows: Sequence[Example], train: int, rng: np.random.Generator) -> Iterator[tuple[str, int, float, str]]:
    """Compare the learner with the most common answer by kind, and over all: how many, its share, the difference."""
    seen, fresh = [row for row in rows if row.room < train], [row for row in rows if row.room >= train]
    kinds = list(dict.fromkeys(row.kind for row in rows))
    common = {k: Counter(row.label for row in seen if row.kind == k).most_common(1)[0][0] for k in kinds}
    right = np.array(trained(seen, train).right(fresh))
    base = np.array([row.label == common[row.kind] for row in fresh])
    for name in (*kinds, *(("all of them",) if len(kinds) > 1 else ())):
        places = [i for i, row in enumerate(fresh) if name in (row.kind, "all of them")]
        rooms = np.unique([fresh[i].room for i in places], return_inverse=True)[1]
        gains = np.bincount(rooms, right[places].astype(float) - base[places])
        counts = np.bincount(rooms)
        picks = rng.integers(len(counts), size=(RESAMPLES, len(counts)))
        low, high = np.percentile(gains[picks].sum(axis=1) / counts[picks].sum(axis=1), [2.5, 97.5]) * 100
        gain = 100 * gains.sum() / counts.sum()
        yield name, len(places), 100 * float(base[places].mean()), f"{gain:+5.1f} [{low:+.0f}, {high:+.0f}]"


def report(rows: Sequence[Example], train: int) -> None:
    """Print a line for every kind, quantity by quantity."""
    rng = np.random.default_rng(0)
    groups: dict[str, list[Example]] = {}
    for row in rows:
        kind = KINDS[row.kind]
        groups.setdefault(kind.quantity if kind.form.compares else kind.name, []).append(row)
    print("kind                     questions  most common  learner without a picture")
    for quantity, group in groups.items():
        for name, count, share, gain in measured(group, train, rng):
            print(f"{name if name in KINDS else quantity:24} {count:9} {share:10.1f} %  {gain}", flush=True)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, nargs="+")
    parser.add_argument("--balance", choices=("names", "none"), default="names")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--train", type=int, default=300)
    parser.add_argument("--test", type=int, default=150)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--mix", choices=tuple(MIXES), default="paper")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folders = options.dataset or [(options.work or Path(temporary)) / "blind-rooms"]
        if not options.dataset and not (folders[0] / "dataset.json").exists():
            make_dataset(folders[0], options.train + options.test, options.seed)
        report(list(examples(folders, options.mix, options.balance)), options.train)


if __name__ == "__main__":
    main()
