"""Make the rooms benchmark anew: python benchmarks/select_rooms.py [--pool 1000] [--workers 2]

Looks for questions in a pool of rooms, chooses, draws the chosen rooms, and writes the definition with its hashes and
the true lengths to src/spatialvlm/evaluate/rooms_benchmark/rooms.json. Needed where the rooms, the pipeline or the
wordings have changed. The pool takes about a second a room and core, a picture several. What is done is kept in the
folder --work, and a stopped run goes on; remove the folder where the rooms or the pipeline have changed since.
"""

import argparse
import dataclasses
import hashlib
import multiprocessing
import os
import pickle
import sys
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_name, "1")
os.environ["SPATIALVLM_ROOMS_VARIANT"] = "scalar_rgb"

import cv2
from rich.console import Console
from rich.progress import track

from choose_rooms.blind_guesses import guess_by_names, sum_families
from choose_rooms.candidates import CandidateConfig, find_candidates
from choose_rooms.definition_file import DEFINITION, SEED, SIZE, SPP, to_lines, to_text, words_of
from choose_rooms.selection import Candidate, SelectionConfig, select_questions
from rooms_benchmark import print_figures
from spatialvlm.dataset import read_dataset
from spatialvlm.evaluate.rooms_benchmark.build import build_benchmark, scalar_rooms, versions_here
from spatialvlm.evaluate.rooms_benchmark.definition import (
    BenchmarkDefinition,
    BenchmarkRoom,
    frame_id_of,
    questions_hash,
)

CONSOLE = Console(stderr=True)


def main() -> None:
    """Run from the command line: the pool, the choice, the pictures, the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool", type=int, default=1000, help="rooms to choose from")
    parser.add_argument("--rooms", type=int, default=250, help="rooms to choose")
    parser.add_argument("--per-room", type=int, default=20, help="questions about a room")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--work", type=Path, default=Path("rooms_work"), help="where to keep what is done")
    parser.add_argument("--out", type=Path, default=DEFINITION)
    options = parser.parse_args()
    pool = candidates(options.pool, options.workers, options.work)
    chosen = select_questions(pool, SelectionConfig(options.rooms, options.per_room))
    comparisons, lengths = sum_families(guess_by_names([c for room in chosen.values() for c in room]).items())
    print(
        f"who knows from other rooms what things of these names are like: {comparisons.share:.1%}, {lengths.share:.1%}"
    )
    definition = hashed(unhashed(chosen), options.workers, options.work)
    options.out.write_text(to_text(definition))
    options.out.with_name(f"{options.out.stem}_questions.tsv").write_text(to_lines(definition))
    print_figures(definition)
    print(f"written: {options.out}, {options.out.stat().st_size / 1e3:.0f} kB")


def candidates(count: int, workers: int, work: Path) -> list[Candidate]:
    """Find the candidates of the first rooms, from files where they are."""
    work.mkdir(parents=True, exist_ok=True)
    found: list[Candidate] = []
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        jobs = [(room, work / f"room-{room:06d}.pickle") for room in range(count)]
        for part in track(pool.imap(_candidates_of_room, jobs), "rooms of the pool", count, console=CONSOLE):
            found += part
    return found


def _candidates_of_room(job: tuple[int, Path]) -> list[Candidate]:
    room, path = job
    if path.exists():
        return pickle.loads(path.read_bytes())
    cv2.setNumThreads(1)
    found = find_candidates(scalar_rooms(room + 1, SEED, SIZE, SPP).truth(room), room, SEED, CandidateConfig())
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(pickle.dumps(found))
    temporary.rename(path)
    return found


def unhashed(chosen: dict[int, list[Candidate]]) -> BenchmarkDefinition:
    """Make the definition before anything is drawn."""
    rooms = tuple(BenchmarkRoom(room, "", "", tuple(c.question for c in found)) for room, found in chosen.items())
    return BenchmarkDefinition(SEED, SIZE, SPP, versions_here(), rooms)


def hashed(definition: BenchmarkDefinition, workers: int, work: Path) -> BenchmarkDefinition:
    """Draw the rooms, and take the hashes of what came out."""
    digest = hashlib.sha256(to_text(definition).encode()).hexdigest()[:12]
    folder = work / f"dataset-{digest}"
    with CONSOLE.status("drawing the chosen rooms"):
        build_benchmark(definition, folder, workers=workers)
    dataset = read_dataset(folder)
    images = {scene.frame_id: hashlib.sha256(source.image_bytes).hexdigest() for scene, source in dataset.scenes()}
    questions = dict(dataset.questions())
    rooms = []
    for room in definition.rooms:
        id_ = frame_id_of(definition.seed, room.index)
        if len(questions[id_]) != len(room.questions):
            sys.exit(
                f"room {room.index}: {len(questions[id_])} questions, expected {len(room.questions)}; empty --work"
            )
        hashes = {"image_sha256": images[id_], "questions_sha256": questions_hash(questions[id_])}
        pairs = zip(room.questions, questions[id_], strict=True)
        asked = tuple(dataclasses.replace(question, words=words_of(qa)) for question, qa in pairs)
        rooms.append(dataclasses.replace(room, questions=asked, **hashes))
    return dataclasses.replace(definition, rooms=tuple(rooms))


if __name__ == "__main__":
    main()
