"""Choose the composed questions about the rooms of the benchmark: python benchmarks/select_rooms_plus.py [--workers 2]

Looks at the 250 rooms of rooms.json for questions of the kinds of the plan (choose_rooms/composed_selection.py), and
writes the choice to src/spatialvlm/evaluate/rooms_benchmark/rooms_plus_questions.tsv; nothing of the first set is
touched. What is true of the rooms is kept in the folder --work, so that only the first run takes about a second a room
and core for it; remove the folder where the rooms have changed since.

It prints what names alone tell, in points above the answer that is most common: of a choice that pays no heed to it,
and of the one that is written. `others` has learnt from all the questions of other rooms that could be asked, `own`
from the chosen ones alone.
"""

import argparse
import multiprocessing
import os
import pickle
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_name, "1")
os.environ["SPATIALVLM_ROOMS_VARIANT"] = "scalar_rgb"

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track

from choose_rooms.composed_candidates import Composed, find_composed
from choose_rooms.composed_selection import PLAN, cell_of, guessed, is_hit, select_composed
from choose_rooms.definition_file import DEFINITION, SEED, SIZE, SPP
from choose_rooms.name_learner import Guess, label_of
from spatialvlm.evaluate.rooms_benchmark.build import scalar_rooms
from spatialvlm.evaluate.rooms_benchmark.composed_questions import to_line
from spatialvlm.evaluate.rooms_benchmark.definition import load_definition
from spatialvlm.worlds import Truth

CONSOLE = Console(stderr=True)
OUT = DEFINITION.with_name("rooms_plus_questions.tsv")


def main() -> None:
    """Run from the command line: the pool, the choice, the file, what names tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--work", type=Path, default=Path("rooms_plus_work"), help="where to keep what is true of rooms"
    )
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    pool = candidates(options.workers, options.work)
    guesses = guessed(pool)
    chosen = select_composed(pool, guesses)
    print_figures(pool, guesses, select_composed(pool, [{}] * len(pool)), chosen)
    rows = sorted((pool[place] for places in chosen.values() for place in places), key=lambda one: one.room)
    options.out.write_text("".join(to_line(one.room, one.qa) for one in rows), encoding="utf-8")
    sizes = Counter(one.room for one in rows).values()
    print(f"written: {options.out}, {len(rows)} questions about {len(sizes)} rooms, {min(sizes)} to {max(sizes)} each")


def candidates(workers: int, work: Path) -> list[Composed]:
    """Find what can be asked of the rooms."""
    work.mkdir(parents=True, exist_ok=True)
    rooms = [(room.index, work) for room in load_definition("rooms").rooms]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        parts = track(pool.imap(_candidates_of_room, rooms), "rooms", len(rooms), console=CONSOLE)
        return [one for part in parts for one in part]


def _candidates_of_room(job: tuple[int, Path]) -> list[Composed]:
    cv2.setNumThreads(1)
    return find_composed(truth_of_room(*job), job[0], SEED, tuple(PLAN))


def truth_of_room(room: int, work: Path) -> Truth:
    """Find what is true of a room, from its file where it has one."""
    path = work / f"truth-{room:06d}.pickle"
    if not path.exists():
        temporary = path.with_suffix(".tmp")
        known = scalar_rooms(room + 1, SEED, SIZE, SPP).truth(room)
        temporary.write_bytes(zlib.compress(pickle.dumps(known), 1))
        temporary.rename(path)
    return pickle.loads(zlib.decompress(path.read_bytes()))


def print_figures(
    pool: Sequence[Composed],
    guesses: Sequence[Guess],
    before: Mapping[str, Sequence[int]],
    after: Mapping[str, Sequence[int]],
) -> None:
    """Print a line for each kind: how many, of how many, in which cells, and what names tell."""
    print(f"{'kind':22}{'asked':>6}{'pool':>7}{'common':>8}{'before':>8}{'others':>8}{'own':>7}  cells")
    tells: list[tuple[float, float, float]] = []
    counts: list[int] = []
    for kind, places in after.items():
        rows = [pool[place] for place in places]
        cells = Counter(cell_of(one.qa) for one in rows)
        line = f"{kind:22}{len(rows):6}{sum(one.qa.kind == kind for one in pool):7}"
        if label_of(rows[0].qa) is not None:
            plain = _points([pool[place] for place in before[kind]], [guesses[place] for place in before[kind]])
            told = _points(rows, [guesses[place] for place in places])
            own = _points(rows, guessed(rows))
            line += f"{_common(rows):8.1%}{plain:+8.1f}{told:+8.1f}{own:+7.1f}"
            tells.append((plain, told, own))
            counts.append(len(rows))
        else:
            line += " " * 31
        print(f"{line}  {len(cells)} of {min(cells.values())} to {max(cells.values())}", flush=True)
    means = np.average(np.array(tells), axis=0, weights=counts)
    print(f"mean of {sum(counts)}, numbers apart:{means[0]:+.1f} before, {means[1]:+.1f} and {means[2]:+.1f} after")


def _common(rows: Sequence[Composed]) -> float:
    return Counter(label_of(one.qa) for one in rows).most_common(1)[0][1] / len(rows)


def _points(rows: Sequence[Composed], guesses: Sequence[Guess]) -> float:
    """Say by how many points guesses are right more often than the most common answer."""
    right = sum(is_hit(one.qa, guess) for one, guess in zip(rows, guesses, strict=True))
    return 100 * (right / len(rows) - _common(rows))


if __name__ == "__main__":
    main()
