"""Are facts true of whole things, seen or not? python benchmarks/whole_things.py [--rooms 150] [--seed 0]

People mean whole things, a lift sees their near sides. Rooms with exact geometry are lifted from exact depth and from
depth as one photo gives it (the audit's preset `monocular`, told), and every fact that would be asked is held against
the whole objects: boxes of all their vertices, and for a gap the distance of their surfaces. Of comparisons, counted
once for each quantity and pair: how many are wrong. Of lengths: how many are within 1 and 2 of their own sigma of what
is seen, and of the whole.
"""

import argparse
import os
from collections import Counter, defaultdict

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_name, "1")

import numpy as np

from choose_rooms.whole_gaps import Solid, gap_between, solids_of
from spatialvlm.audit.compare import Compared, compare
from spatialvlm.audit.corrupt import PRESETS
from spatialvlm.audit.truth import TrueQuantities
from spatialvlm.kinds import KIND_NAMES, KINDS
from spatialvlm.pipeline.collect import open_rooms
from spatialvlm.pipeline.measure import MeasureConfig
from spatialvlm.pipeline.phrase import PhraseConfig
from spatialvlm.pipeline.tail import measured

LENGTHS = ("height", "width", "gap", "elevation", "distance", "horizontal_distance", "vertical_distance")


class Figures:
    """What is counted of a preset: comparisons by quantity, and rows of (number, sigma, seen, whole) by kind."""

    def __init__(self) -> None:
        self.rooms = 0
        self.compared, self.wrong = Counter[str](), Counter[str]()
        self.lengths: dict[str, list[tuple[float, ...]]] = defaultdict(list)
        self.cases: list[str] = []

    def add(self, room: int, facts: Compared, names: dict[str, str], gaps: "GapsOfRoom") -> None:
        """Count the facts of one room."""
        done: set[tuple[str, tuple[int, ...]]] = set()
        for place in np.flatnonzero(facts.once).tolist():
            kind = KINDS[KIND_NAMES[facts.kind[place]]]
            subjects = tuple(i for i in facts.subjects[place].tolist() if i >= 0)
            ids = [facts.object_ids[i] for i in subjects]
            number, sigma, seen, whole = (
                float(getattr(facts, name)[place]) for name in ("number", "error", "visible", "amodal")
            )
            if kind.form.compares and len(subjects) == 2 and (kind.quantity, subjects) not in done:
                done.add((kind.quantity, subjects))
                self.compared[kind.quantity] += 1
                if not facts.right_amodal[place]:
                    self.wrong[kind.quantity] += 1
                    self.cases.append(
                        f"room {room}: {kind.quantity} of {' and '.join(f'{i} {names[i]}' for i in ids)}: "
                        f"{number:+.3f} +- {sigma:.3f} m, seen {seen:+.3f}, whole {whole:+.3f}"
                    )
            elif kind.name in LENGTHS:
                whole = gaps.between(*ids) if kind.name == "gap" else whole
                self.lengths[kind.name].append((number, sigma, seen, whole))

    def show(self) -> None:
        """Print the tables."""
        print(f"comparisons {sum(self.compared.values())}, wrong {sum(self.wrong.values())}", end="; ")
        print(", ".join(f"{name} {self.wrong[name]} of {count}" for name, count in sorted(self.compared.items())))
        print("  " + "\n  ".join(self.cases))
        print(f"{'length':20} {'a room':>7} {'seen 1s':>8} {'2s':>6} {'whole 1s':>9} {'2s':>6} {'sigma':>8} {'off':>8}")
        for name in LENGTHS:
            if not self.lengths[name]:
                continue
            number, sigma, seen, whole = np.array(self.lengths[name]).T
            shares = [np.mean(np.abs(number - truth) < k * sigma) for truth in (seen, whole) for k in (1, 2)]
            middles = np.median(sigma), np.median(np.abs(number - whole))
            print(
                f"{name:20} {len(number) / self.rooms:7.2f} {shares[0]:8.1%} {shares[1]:6.1%} {shares[2]:9.1%} "
                f"{shares[3]:6.1%} {1e3 * middles[0]:5.1f} mm {1e3 * middles[1]:5.1f} mm"
            )


class GapsOfRoom:
    """The gaps of the whole things in a room, each computed once."""

    def __init__(self, solids: dict[str, Solid]) -> None:
        self._solids, self._known = solids, dict[tuple[str, str], float]()

    def between(self, one: str, other: str) -> float:
        """Measure the gap of two, in metres."""
        key = (one, other) if one < other else (other, one)
        if key not in self._known:
            self._known[key] = gap_between(self._solids[key[0]], self._solids[key[1]])
        return self._known[key]


def run(rooms: range, seed: int, presets: list[str]) -> dict[str, Figures]:
    """Hold the facts of some rooms against whole things."""
    source, limits = open_rooms(rooms.stop, seed=seed), MeasureConfig()
    found = {name: Figures() for name in presets}
    for room in rooms:
        known = source.truth(room)
        truth, gaps = TrueQuantities(known), GapsOfRoom(solids_of(source.describe(room)))
        names = {one.id: next(iter(one.captions), "") for one in known.frame.instances or ()}
        for name in presets:
            frame = PRESETS[name].corrupt(known.frame, np.random.default_rng([seed, room, *name.encode()]))
            sample = measured(frame, PRESETS[name].told, limits, PhraseConfig(mix="all"))
            found[name].rooms += 1
            if sample.scene is not None and sample.facts is not None and sample.scene.gravity is not None:
                plane_m, _ = truth.plane_under(sample.scene, frame)
                found[name].add(room, compare(sample.facts, truth, plane_m, limits), names, gaps)
    return found


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--presets", default="exact,monocular")
    options = parser.parse_args()
    for name, figures in run(range(options.rooms), options.seed, options.presets.split(",")).items():
        print(f"\n{name}: {figures.rooms} rooms of seed {options.seed}")
        figures.show()


if __name__ == "__main__":
    main()
