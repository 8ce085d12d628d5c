"""exports: a dataset on disk -> a folder in a format that trainers read, with the evidence of every answer.

    DATASET --samples--> one per image or one per question --a format--> OUT, whole or absent

A format is a function `(samples, folder)` that writes what it is given, in order; it holds one sample at a time. The
same dataset gives the same bytes. Frames that make no sample (no image in the dataset, no question) are counted.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from spatialvlm import __version__
from spatialvlm.dataset.exports.conversations import PER, Conversation, ExportCounts, conversations_of, questions_of_row
from spatialvlm.dataset.exports.out_folder import replace_folder, write_note
from spatialvlm.dataset.read import Dataset, opened
from spatialvlm.errors import DatasetError, UserError

__all__ = ["FORMATS", "PER", "Conversation", "Exported", "Format", "export", "questions_of_row"]

FORMATS = ("messages", "llava", "sharegpt", "webdataset", "hf")


@runtime_checkable
class Format(Protocol):
    """Writes samples into an empty folder. Deterministic; never holds more than a few of them."""

    def __call__(self, samples: Iterator[Conversation], folder: Path) -> None:
        """Write all samples, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: so many samples, questions and different images, and the frames left out by reason."""

    samples: int
    questions: int
    images: int
    skipped: dict[str, int]


def load_format(name: str) -> Format:
    """Load the writer of a format. Raises UserError for a name that is none."""
    match name:
        case "messages":
            from spatialvlm.dataset.exports.messages import write
        case "llava":
            from spatialvlm.dataset.exports.llava import write
        case "sharegpt":
            from spatialvlm.dataset.exports.sharegpt import write
        case "webdataset":
            from spatialvlm.dataset.exports.webdataset import write
        case "hf":
            from spatialvlm.dataset.exports.hf import write
        case _:
            raise UserError(f"format {name!r}: unknown; choose one of {', '.join(FORMATS)}")
    return write


def export(
    dataset: Dataset | Path | str,
    out: Path | str,
    *,
    to: str,
    per: str = "image",
    report: Callable[[int], object] = lambda _: None,
) -> Exported:
    """Write a finished dataset into the folder `out` as the format `to`; `report` is told of every frame done.

    `per` "image" makes one sample of an image, its questions as turns; "question" makes one of every question. An
    earlier export in `out` is replaced once the new one is whole. Raises UserError for an unknown format or `per`, an
    `out` that holds anything else or lies in the dataset, and a dataset that is unfinished or has no sample to give.
    """
    dataset, out, write = opened(dataset), Path(out), load_format(to)
    if per not in PER:
        raise UserError(f"per {per!r}: unknown; choose one of {', '.join(PER)}")
    if dataset.info is None:
        raise DatasetError(
            f"{dataset.folder}: its build has not come to the end; run the same build again, then export"
        )
    if out.resolve().is_relative_to(dataset.folder.resolve()):
        raise UserError(f"{out}: lies in the dataset itself; choose another --out")
    about: dict[str, Any] = {
        "spatialvlm": __version__,
        "format": to,
        "per": per,
        "dataset": dataset.folder.resolve().name,
    }
    tally = ExportCounts()
    with replace_folder(out, about) as folder:
        write(_counted(conversations_of(dataset, per, tally, report), tally), folder)
        if not tally.samples:
            reasons = ", ".join(f"{reason} in {count} frames" for reason, count in sorted(tally.skipped.items()))
            raise UserError(f"{dataset.folder}: nothing to export ({reasons or 'it has no frames'}); build it again")
        done = Exported(tally.samples, tally.questions, tally.images, dict(sorted(tally.skipped.items())))
        counts = {"samples": done.samples, "questions": done.questions, "images": done.images, "skipped": done.skipped}
        write_note(folder, about | counts)
    return done


def _counted(samples: Iterator[Conversation], tally: ExportCounts) -> Iterator[Conversation]:
    for sample in samples:
        tally.samples += 1
        tally.questions += len(sample.questions)
        yield sample
