"""VSI-Bench: counts, sizes, distances, directions and order in videos of rooms; its rows -> Items, its official rule.

Enters: the folder of nyu-visionx/VSI-Bench: test*.parquet (test_debiased and test_pruned, 5,131 rows together; before
November 2025 one file, test-00000-of-00001) and its archives arkitscenes.zip, scannet.zip and scannetpp.zip unpacked in
place, to <dataset>/<scene_name>.mp4. Columns: id, dataset, scene_name, question_type, question, options, ground_truth,
and pruned. Leaves: Items with FRAMES frames of the video each, evenly from the first to the last, as JPEG; a number in
the unit that the question names, or a choice of options that begin with their letters. Questions of one video share its
frames.

The authors show models what each takes, up to whole videos, and leave answers 16 tokens. The frames and the wording of
the prompt are ours; its parts are theirs: frames, question, options, what to answer with.

Rule: https://github.com/vision-x-nyu/thinking-in-space at e6a72f3, lmms_eval/tasks/vsibench/utils.py. Layout and
fields: the dataset card. Papers: arXiv 2412.14171, and 2511.04655 for what is pruned.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import cv2
import numpy as np

from spatialvlm.answers import Answer, Area, Choice, Count, Length
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import AnswerReading, Item
from spatialvlm.evaluate.metrics.choices import macro_mean
from spatialvlm.evaluate.scoring import Scored
from spatialvlm.evaluate.tasks.data import Hub, rows
from spatialvlm.evaluate.tasks.task import Task
from spatialvlm.records import Score

FRAMES = 16
JPEG_QUALITY = 90
COLUMNS = ("id", "dataset", "scene_name", "question_type", "question", "options", "ground_truth")
DIRECTIONS = ("object_rel_direction_easy", "object_rel_direction_medium", "object_rel_direction_hard")
CHOICES = (*DIRECTIONS, "object_rel_distance", "route_planning", "obj_appearance_order")
NUMBERS = ("object_abs_distance", "object_counting", "object_size_estimation", "room_size_estimation")
UNITS = {"object_abs_distance": "meter", "object_size_estimation": "centimeter"}
"""The units of length that questions name; room sizes are in square metres."""

_LETTERED = re.compile(r"([A-Z])[.):]\s*(.+)", re.DOTALL)
_FRAMES_OF = "The pictures are frames of one video, in the order of time."
_ONE_NUMBER = "Answer with one number and nothing else."
_ONE_LETTER = "Answer with the letter of one option and nothing else."


def items(folder: Path) -> Iterator[Item]:
    """Read the questions in the order of the data. Raises UserError for an unusable row or a missing video."""
    root = folder if folder.is_dir() else folder.parent
    scratch = Path(mkdtemp(prefix="spatialvlm-frames-"))
    try:
        films = _Films(scratch)
        for row in rows(folder, "test*.parquet", needs=COLUMNS):
            try:
                truth = _truth(row)
                frames = films.frames(root / str(row["dataset"]) / f"{row['scene_name']}.mp4")
            except UserError as error:
                raise UserError(f"VSI-Bench row {row['id']}: {error}") from None
            yield _item(row, truth, frames)
    finally:
        rmtree(scratch, ignore_errors=True)


class _Films:
    """The frames of each video, decoded once; in memory are those of the last one, on the disk those of all.

    Rows come by type of question, so that every one of the 288 videos is needed again about ten times.
    """

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._files: dict[Path, list[Path]] = {}
        self._last: tuple[Path, tuple[bytes, ...]] | None = None

    def frames(self, video: Path) -> tuple[bytes, ...]:
        """Give FRAMES frames of a video. Raises UserError where it cannot be read, or the disk is full."""
        if self._last is None or self._last[0] != video:
            self._last = None  # before the next are read
            self._last = video, self._again(video) if video in self._files else self._first(video)
        return self._last[1]

    def _first(self, video: Path) -> tuple[bytes, ...]:
        frames = read_frames(video, FRAMES)
        files = [self._scratch / f"{len(self._files)}_{place}.jpg" for place in range(len(frames))]
        try:
            for file, frame in zip(files, frames, strict=True):
                file.write_bytes(frame)
        except OSError as error:
            fix = "let TMPDIR name a folder with more room"
            raise UserError(f"frames: cannot be kept in {self._scratch.parent} ({error.strerror}); {fix}") from None
        self._files[video] = files
        return frames

    def _again(self, video: Path) -> tuple[bytes, ...]:
        return tuple(file.read_bytes() for file in self._files[video])


def _item(row: Mapping[str, Any], truth: Answer, frames: tuple[bytes, ...]) -> Item:
    question = str(row["question"]).strip()
    options = [str(option) for option in row["options"] or ()]
    ask = (_ONE_LETTER,) if isinstance(truth, Choice) else (_ONE_NUMBER,)
    return Item(
        id=str(row["id"]),
        kind=str(row["question_type"]),
        question=question,
        prompt="\n".join((_FRAMES_OF, question, *options, *ask)),
        pictures=frames,
        truth=truth,
        meta={
            "ground_truth": str(row["ground_truth"]),
            "dataset": row["dataset"],
            "scene": row["scene_name"],
            "pruned": row.get("pruned"),
        },
        reading=AnswerReading(None if isinstance(truth, Choice) else "mra", UNITS.get(str(row["question_type"]))),
    )


def _truth(row: Mapping[str, Any]) -> Answer:
    kind, told = row["question_type"], str(row["ground_truth"]).strip()
    if kind in NUMBERS:
        try:
            number = float(told)
        except ValueError:
            raise UserError(f"ground_truth {told!r}: expected a number; get the files again") from None
        match kind:
            case "object_counting" if number.is_integer():
                return Count(int(number))
            case "room_size_estimation":
                return Area(number)
            case "object_abs_distance":
                return Length(number)
            case "object_size_estimation":
                return Length(number / 100.0)
        raise UserError(f"ground_truth {told!r}: expected a whole number; get the files again")
    if kind not in CHOICES:
        raise UserError(f"question_type {kind!r}: expected one of {', '.join((*CHOICES, *NUMBERS))}")
    found = [_LETTERED.fullmatch(str(option).strip()) for option in row["options"] or ()]
    letters = [option[1] if option else None for option in found]
    if told not in letters or letters != [chr(ord("A") + place) for place in range(len(letters))]:
        raise UserError(
            f"options {row['options']!r} and ground_truth {told!r}: expected 'A. ...', 'B. ...' and one of their "
            "letters; get the files again"
        )
    return Choice(tuple(option[2].strip() for option in found if option), letters.index(told))


def read_frames(video: Path, number: int) -> tuple[bytes, ...]:
    """Read so many frames of a video as JPEG, evenly from the first to the last; all of them where it has fewer.

    Raises UserError where there is no such file, or no frame in it.
    """
    if not video.is_file():
        raise UserError(
            f"no video {str(video)!r}; get {video.parent.name}.zip of nyu-visionx/VSI-Bench and unpack it in "
            f"{str(video.parent.parent)!r}"
        )
    capture = cv2.VideoCapture(str(video))
    told = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    capture.release()
    found, count = _frames_at(video, _evenly(told, number))
    if 0 < count < told:  # the header of a video may promise more than there is
        found, count = _frames_at(video, _evenly(count, number))
    if not found:
        raise UserError(f"video {str(video)!r}: no frame can be read; get the archive again")
    return found


def _evenly(count: int, number: int) -> tuple[int, ...]:
    return tuple(sorted({int(place) for place in np.linspace(0, max(count - 1, 0), number).round()}))


def _frames_at(video: Path, places: tuple[int, ...]) -> tuple[tuple[bytes, ...], int]:
    """Read the frames at these places, and count how many frames were passed. One by one: seeking may miss by a few."""
    capture = cv2.VideoCapture(str(video))
    found: list[bytes] = []
    count = 0
    while count <= places[-1] and capture.grab():
        if count in places:
            frame = capture.retrieve()[1]
            found.append(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes())
        count += 1
    capture.release()
    return tuple(found), count


def official(item: Item, answer: str) -> Score:
    """Score as the authors' script: the first word against the letter, or mean relative accuracy of its number."""
    # Faults, kept: words end at blanks alone, so that "3\nmetres" is no number and "A.\n" not "A"; a leading blank
    # makes the answer empty; "(A)", "A)" and "two" are wrong; Python's float takes "1_000" and "nan".
    said = answer.split(" ")[0].rstrip(".").strip()
    told = str(item.meta["ground_truth"])
    if isinstance(item.truth, Choice):
        right = said.lower() == told.lower()
        return Score(float(right), said or None, f"first word {said[:20]!r} {'is' if right else 'is not'} {told!r}")
    try:
        value = float(said)
    except ValueError:
        return Score(0.0, None, f"first word {said[:20]!r} is no number")
    truth = float(told)
    if truth == 0:
        return Score(0.0, f"{value:g}", "the truth is 0: the official script divides by it and ends, counted as wrong")
    # The script's own arithmetic, from .5 to .95 in steps of .05: 10.99... points, cut to 10, so .95 is the last.
    confidences = np.linspace(0.5, 0.95, int((0.95 - 0.5) / 0.05 + 2))
    error = abs(value - truth) / truth
    score = float((error <= 1 - confidences).mean())
    return Score(score, f"{value:g}", f"relative error {error:.3g}: within {score * 10:.0f} of 10 limits")


def figures(scored: Sequence[Scored], values: Sequence[float]) -> Mapping[str, float]:
    """Compute the mean over tasks, directions as one, of all questions and of those that are not pruned."""
    kinds = [one.item.kind for one in scored]
    # The script counts a difficulty without questions as 0; with all of them, as in the benchmark, it is the same.
    tasks = ["direction" if kind in DIRECTIONS else kind for kind in kinds]
    kept = [place for place, one in enumerate(scored) if one.item.meta["pruned"] is False]
    rows = {"mean of tasks": range(len(scored)), "mean of tasks, debiased": kept}
    return {
        name: macro_mean(np.array([values[n] for n in some]), [tasks[n] for n in some], [kinds[n] for n in some])
        for name, some in rows.items()
        if some
    }


TASK = Task(
    name="vsi_bench",
    asks="counts, sizes, distances, directions, routes and order of appearance in videos of rooms",
    hub=Hub(
        repo="nyu-visionx/VSI-Bench",
        revision="main",
        patterns=("test*.parquet", "*.zip"),
        licence="Apache-2.0",
    ),
    items=items,
    official=official,
    figures=figures,
    licence="Apache-2.0",
    source="arXiv 2412.14171, https://github.com/vision-x-nyu/thinking-in-space",
)
