"""Run an annotation session: tasks and the file of decisions -> what an annotator sees next, and what is stored.

Knows nothing of a server, and is to be used by one thread. Images are read elsewhere, when they are looked at: which
frames are decided is known from the file without reading them, as long as the source is unchanged.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from spatialvlm.annotate.annotation_tasks import AnnotationSource, AnnotationTask, UnavailableImage
from spatialvlm.annotate.answer_forms import CheckedAnswer, check_answer
from spatialvlm.annotate.decisions import DECISIONS, Decision, DecisionFile
from spatialvlm.annotate.proposals import QuestionProposal
from spatialvlm.dataset import file_key, write_file
from spatialvlm.errors import UserError
from spatialvlm.page import draw_objects

LONGEST = {"annotator": 60, "question": 500, "answer": 300, "option": 120}
WRITTEN = "written"
"""The kind of a question that an annotator wrote."""


class AnnotationSession:
    """What has been decided by whom about a set of images, and what becomes of the next decision."""

    def __init__(self, source: AnnotationSource, file: DecisionFile, seed: int, limit: int | None = None) -> None:
        """Read the images where the answers there are do not tell which frames they are about.

        Raises UserError where the answers were begun with another seed: other questions would be proposed.
        """
        begun = {one.seed for one in file.decisions.values()} - {seed}
        if begun:
            raise UserError(
                f"{file.path}: was begun with --seed {min(begun)}, got {seed}; its questions would not be the same: "
                "give that seed, or another --out"
            )
        self._file, self._seed, self._source = file, seed, source.fingerprint
        self._count = len(source) if limit is None else min(limit, len(source))
        self._failed: set[int] = set()
        self._ids: list[str | None] = list((source.ids() or [None] * len(source))[: self._count])
        self._recall(source)

    def __len__(self) -> int:
        return self._count

    def learn(self, place: int, found: AnnotationTask | UnavailableImage) -> None:
        """Take note of which frame is at a place."""
        self._ids[place] = found.frame
        if isinstance(found, UnavailableImage):
            self._failed.add(place)

    def is_known(self, place: int) -> bool:
        """Return whether it is known which frame is at a place."""
        return self._ids[place] is not None

    def decided(self, annotator: str) -> int:
        """Count the images that this annotator has decided about."""
        decisions = self._file.decisions
        return sum((id_, annotator) in decisions for id_ in self._ids if id_ is not None)

    def is_open(self, place: int, annotator: str) -> bool:
        """Return whether a place whose frame is known has an image that this annotator has not decided about."""
        return place not in self._failed and (self._ids[place], annotator) not in self._file.decisions

    def places(self, after: int) -> list[int]:
        """List all places, in the order to look for one that is open: those behind `after`, then those before."""
        return [*range(after + 1, self._count), *range(min(after + 1, self._count))]

    def show(self, place: int, found: AnnotationTask | UnavailableImage, annotator: str) -> dict[str, Any]:
        """Make what the page shows of a place: JSON values. What the pipeline would answer is not among them."""
        about = {"place": place, "count": self._count, "decided": self.decided(annotator), "frame": found.frame}
        if isinstance(found, UnavailableImage):
            return about | {"failure": found.reason}
        proposal = found.proposal if isinstance(found.proposal, QuestionProposal) else None
        made = self._file.decisions.get((found.frame, annotator))
        return about | {
            "question": proposal.proposed.question if proposal else None,
            "form": proposal.form if proposal else None,
            "options": list(proposal.options) if proposal else [],
            "unproposed": None if proposal else found.proposal,
            "outlines": bool(found.marked),
            "decision": _shown(made, proposal) if made else None,
        }

    def check_answer(self, found: AnnotationTask, given: Mapping[str, Any]) -> CheckedAnswer:
        """Check how an answer reads: `given` holds "decision", "answer" and, of a rewritten question, what it is."""
        question, form, options, _ = self._question(found, given)
        return check_answer(question, _text(given, "answer"), form, options)

    def decide(self, place: int, found: AnnotationTask, annotator: str, given: Mapping[str, Any]) -> bool:
        """Store what an annotator decided; False where it is stored already. Raises UserError that says what is amiss.

        `given`: "decision"; to keep, "answer"; to rewrite, "question", "answer" and, where chosen, "form" and
        "options". An answer of null says that nobody can tell.
        """
        proposed = found.proposal.proposed if isinstance(found.proposal, QuestionProposal) else None
        about = {"proposed": proposed, "place": place, "source": self._source, "seed": self._seed}
        if given.get("decision") == "skip":
            return self._file.add(Decision(found.frame, annotator, "skip", **about))
        question, form, options, kept = self._question(found, given)
        if given.get("answer", "") is None:
            read = check_answer(question, "?", form or "text", options)
            answer = None
        else:
            read = check_answer(question, _text(given, "answer"), form, options)
            if read.problem is not None:
                raise UserError(read.problem)
            answer = read.answer
        made = Decision(
            found.frame,
            annotator,
            "keep" if kept else "rewrite",
            question=question,
            answer=answer,
            form=read.form,
            options=read.options,
            kind=proposed.kind if kept and proposed else WRITTEN,
            image=self._picture_path(found),
            **about,
        )
        return self._file.add(made)

    def _question(self, found: AnnotationTask, given: Mapping[str, Any]) -> tuple[str, str | None, Sequence[str], bool]:
        """Find the question that is answered, its form, its options, and whether it is the proposed one."""
        decision = given.get("decision")
        if decision not in DECISIONS:
            raise UserError(f"decision {decision!r}: expected one of {', '.join(DECISIONS)}")
        own = found.proposal if isinstance(found.proposal, QuestionProposal) else None
        if decision == "keep":
            if own is None:
                raise UserError("There is no proposed question to keep: write one, or skip the image.")
            return own.proposed.question, own.form, own.options, True
        question = _text(given, "question")
        if own is not None and question == own.proposed.question:
            return own.proposed.question, own.form, own.options, True
        if not question:
            raise UserError("Write a question first, or skip the image.")
        form, options = given.get("form"), given.get("options", [])
        if not isinstance(form, str | None) or not isinstance(options, list):
            raise UserError("`form` is to be text or null, and `options` a list of texts")
        return question, form, [_text({"option": one}, "option") for one in options], False

    def _recall(self, source: AnnotationSource) -> None:
        """Recall which frame is where from the decisions; where the source has changed since, by reading it."""
        if None not in self._ids:
            return
        for one in self._file.decisions.values():
            if one.source == self._source and 0 <= one.place < self._count:
                self._ids[one.place] = one.frame
        if any(one.source != self._source for one in self._file.decisions.values()):
            for place in range(self._count):
                if not self.is_known(place):
                    self.learn(place, source.read(place))

    def _picture_path(self, found: AnnotationTask) -> str:
        """Say where the picture lies, relative to the folder of the answers; it is written there if it lies nowhere."""
        folder = self._file.path.resolve().parent
        if found.file is not None:
            return Path(os.path.relpath(found.file.resolve(), folder)).as_posix()
        path = folder / f"{self._file.path.stem}_images" / f"{file_key(found.frame)}.{found.suffix}"
        if not path.is_file():
            write_file(path, lambda file: file.write(found.picture))
        return path.relative_to(folder).as_posix()


def draw_outlines(found: AnnotationTask) -> bytes:
    """Draw the picture as JPEG with the objects marked that its question names."""
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(found.picture, np.uint8), flags)
    if pixels is None:
        raise UserError(f"image of frame {found.frame!r}: cannot be drawn on")
    image = np.ascontiguousarray(pixels[..., ::-1])
    marked = draw_objects(image, [one.mask for one in found.marked], list(found.names), numbers=False)
    return cv2.imencode(".jpg", marked[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()


def annotator_name(annotator: str) -> str:
    """Clean an annotator's name, spaces made single. Raises UserError for none, or one that is too long."""
    name = _text({"annotator": annotator}, "annotator")
    if not name:
        raise UserError("annotator: no name; give one, so that the answers of several people can be told apart")
    return name


def _text(given: Mapping[str, Any], name: str) -> str:
    """Take one line of text out of what a page sent, without its outer spaces."""
    value = given.get(name)
    if not isinstance(value, str):
        raise UserError(f"{name}: got {type(value).__name__}; expected text")
    text = " ".join(value.split())
    if len(text) > LONGEST[name]:
        raise UserError(f"{name}: {len(text)} characters; expected at most {LONGEST[name]}")
    return text


def _shown(made: Decision, proposal: QuestionProposal | None) -> dict[str, Any]:
    """Prepare a decision for the page; one that kept what is no longer proposed is the annotator's own question."""
    kept = made.decision == "keep" and proposal is not None and proposal.proposed.question == made.question
    decision = "rewrite" if made.decision == "keep" and not kept else made.decision
    names = ("question", "answer", "form")
    return {name: getattr(made, name) for name in names} | {"decision": decision, "options": list(made.options)}
