"""The true lengths of the rooms benchmark, anew: python benchmarks/rooms_truth.py [--workers 2]

For every length that rooms.json asks, what is true of the visible surfaces; rooms, questions and hashes stay as they
are. Takes about half a second a room and core. Finished rooms are kept in the folder --work, and a stopped run goes on;
remove the folder where the rooms, the pipeline or the truth have changed since. `select_rooms.py` writes these lengths
too: this script is for a change in the truth alone.
"""

import argparse
import contextlib
import dataclasses
import multiprocessing
import os
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_name, "1")

import cv2
from rich.console import Console
from rich.progress import track

from choose_rooms.definition_file import DEFINITION, to_text
from choose_rooms.true_lengths import measure_room, with_truth
from rooms_benchmark import print_figures
from spatialvlm.dataset import write_file
from spatialvlm.evaluate.rooms_benchmark.build import scalar_rooms
from spatialvlm.evaluate.rooms_benchmark.definition import (
    BenchmarkDefinition,
    BenchmarkRoom,
    parse_definition,
    visible_truths,
)

CONSOLE = Console(stderr=True)


def main() -> None:
    """Run from the command line: the rooms one by one, the file, the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--work", type=Path, default=Path("rooms_truth_work"), help="where to keep what is done")
    parser.add_argument("--definition", type=Path, default=DEFINITION, help="what to read")
    parser.add_argument("--out", type=Path, help="what to write, if it is another file")
    options = parser.parse_args()
    definition = true_lengths(parse_definition(options.definition.read_text()), options.workers, options.work)
    visible_truths(definition)  # raises where one is missing
    out = options.out or options.definition
    write_file(out, lambda file: file.write(to_text(definition).encode()))
    print_figures(definition)
    print(f"written: {out}, {out.stat().st_size / 1e3:.0f} kB")


def true_lengths(definition: BenchmarkDefinition, workers: int, work: Path) -> BenchmarkDefinition:
    """Give every length of a definition its truth, that of finished rooms from files."""
    work.mkdir(parents=True, exist_ok=True)
    jobs = [(dataclasses.replace(definition, rooms=(room,)), work) for room in definition.rooms]
    with contextlib.ExitStack() as stack:
        each = map if workers == 1 else stack.enter_context(multiprocessing.get_context("spawn").Pool(workers)).imap
        rooms = tuple(track(each(_true_room, jobs), "rooms", len(jobs), console=CONSOLE))
    return dataclasses.replace(definition, rooms=rooms)


def _true_room(job: tuple[BenchmarkDefinition, Path]) -> BenchmarkRoom:
    """Give the only room of a definition its truth; the file with it is a definition of one room."""
    one, work = job
    room = _without_truth(one.rooms[0])
    path = work / f"room-{room.index:06d}.json"
    if path.exists():
        kept = parse_definition(path.read_text())
        if dataclasses.replace(kept, rooms=(_without_truth(kept.rooms[0]),)) == dataclasses.replace(one, rooms=(room,)):
            return kept.rooms[0]
    cv2.setNumThreads(1)
    known = scalar_rooms(room.index + 1, one.seed, one.size, one.spp).truth(room.index)
    done = dataclasses.replace(room, questions=with_truth(room.questions, measure_room(known)))
    text = to_text(dataclasses.replace(one, rooms=(done,)))
    write_file(path, lambda file: file.write(text.encode()))
    return done


def _without_truth(room: BenchmarkRoom) -> BenchmarkRoom:
    return dataclasses.replace(
        room, questions=tuple(dataclasses.replace(one, visible_m=None) for one in room.questions)
    )


if __name__ == "__main__":
    main()
