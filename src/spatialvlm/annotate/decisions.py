"""Store decisions of annotators as one JSON line each, appended and flushed, so that a crash loses nothing.

    {"id": "desk@anna", "frame": "desk", "annotator": "anna", "decision": "keep", "image": "human_images/desk.png",
     "question": "How far apart are the mug and the lamp?", "answer": "about 40 cm", "form": "length", "options": [],
     "kind": "distance", "proposed": {"question": ..., "kind": ..., "answer": ..., "value": 0.412},
     "place": 3, "source": "1f0c2ab94d7e", "seed": 0}

`decision` is "keep" (the proposed question), "rewrite" (the annotator's own) or "skip". `answer` is null where nobody
can tell, and where the image was skipped; it is a number where that is its form, else text. Of several lines with the
same `id` the last one counts. `image` is relative to the file's folder. `proposed` holds what the pipeline would have
said, which no annotator saw: `value` is metres, or the option, or "yes" or "no". `place`, `source` and `seed` say where
the frame is in which source and by which seed its question was chosen, for going on later.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from spatialvlm.annotate.answer_forms import FORMS
from spatialvlm.dataset import disk_faults, flush_folder
from spatialvlm.errors import UserError

try:
    import fcntl
except ImportError:  # Windows has no advisory locks; there, nobody stops two servers with one file
    fcntl = None

DECISIONS = ("keep", "rewrite", "skip")


@dataclass(frozen=True, slots=True)
class PipelineQuestion:
    """The pipeline's question with its answer, in words and as a value: metres, an option, "yes" or "no"."""

    question: str
    kind: str
    answer: str
    value: float | str


@dataclass(frozen=True, slots=True)
class Decision:
    """What one annotator decided about one frame; see the module's docstring."""

    frame: str
    annotator: str
    decision: str
    proposed: PipelineQuestion | None = None
    question: str | None = None
    answer: str | None = None
    form: str | None = None
    options: tuple[str, ...] = ()
    kind: str | None = None
    image: str | None = None
    place: int = 0
    source: str = ""
    seed: int = 0

    @property
    def id(self) -> str:
        """What names the line: a frame is asked about once by every annotator."""
        return f"{self.frame}@{self.annotator}"


def to_line(decision: Decision) -> str:
    """Write a decision as a line of JSON, ASCII only, without its end."""
    data = {"id": decision.id} | asdict(decision)
    if decision.form == "number" and decision.answer is not None:
        data["answer"] = json.loads(decision.answer)
    return json.dumps(data)


def from_line(line: str, where: str) -> Decision:
    """Read a decision from its line. Raises UserError that names `where` for anything else."""
    try:
        data = json.loads(line)
    except ValueError as error:
        raise UserError(f"{where}: no JSON ({error}); mend or remove the line") from None
    if not isinstance(data, dict):
        raise UserError(f"{where}: got {type(data).__name__}; expected a JSON object, as `annotate` writes it")
    texts = [data.get(name) for name in ("frame", "annotator")]
    answered = data.get("decision") == "skip" or (data.get("form") in FORMS and isinstance(data.get("question"), str))
    if not all(isinstance(text, str) and text for text in texts) or data.get("decision") not in DECISIONS:
        raise UserError(
            f"{where}: names no frame, annotator and decision ({', '.join(DECISIONS)}); expected a line that "
            "`annotate` wrote: give another file, or remove the line"
        )
    if not answered:
        raise UserError(f"{where}: has no question with a form ({', '.join(FORMS)}); mend or remove the line")
    answer_is = int | float | None if data.get("form") == "number" else str | None
    types = {"answer": answer_is, "kind": str | None, "image": str | None}
    wrong = [name for name, type_ in types.items() if not isinstance(data.get(name), type_)]
    if wrong:
        raise UserError(f"{where}: `{wrong[0]}` is not of its type or null; mend or remove the line")
    return _decision(data, where)


def _decision(data: Mapping[str, Any], where: str) -> Decision:
    known = {name: value for name, value in data.items() if name in Decision.__dataclass_fields__}
    proposed = data.get("proposed")
    try:
        known["proposed"] = PipelineQuestion(**proposed) if proposed is not None else None
        known["options"] = tuple(data.get("options") or ())
        if data.get("form") == "number" and data.get("answer") is not None:
            known["answer"] = f"{data['answer']:.12g}"
        return Decision(**known)
    except TypeError:
        expected = ", ".join(PipelineQuestion.__dataclass_fields__)
        raise UserError(f"{where}: `proposed` is no object of {expected}; mend or remove the line") from None


def read_decisions(path: Path) -> list[Decision]:
    """Read all decisions of a file, in its order; a last line that a crash cut off is none.

    Raises UserError where the file is missing or a line is no decision.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); give the file that `annotate` wrote") from None
    return [decision for decision, _ in _lines(path, content)]


def _lines(path: Path, content: bytes) -> Iterator[tuple[Decision, int]]:
    """Yield decisions with where in the file they end; what follows the last of them was cut off."""
    end = 0
    for number, raw in enumerate(content.splitlines(keepends=True), 1):
        where, end = f"{path} line {number}", end + len(raw)
        torn = end == len(content) and not raw.endswith(b"\n")
        try:
            line = raw.decode()
            if line.strip():
                yield from_line(line, where), end
        except UnicodeDecodeError:
            if not torn:
                raise UserError(f"{where}: is no UTF-8 text; mend or remove the line") from None
        except UserError:
            if not torn:
                raise


def latest(decisions: Iterable[Decision]) -> dict[tuple[str, str], Decision]:
    """Keep the last decision by frame and annotator, in the order in which they were first made."""
    return {(one.frame, one.annotator): one for one in decisions}


class DecisionFile:
    """The file of decisions, open for more; close it, or use it in a `with`. One process at a time has it open."""

    def __init__(self, path: Path) -> None:
        """Open the file or begin it. Raises UserError where it cannot be written or holds anything else."""
        self.path = path
        with disk_faults(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: FileIO = path.open("ab", buffering=0)
        try:
            self._lock()
            self.decisions = latest(self._read_and_mend())
        except UserError:
            self._file.close()
            raise
        with disk_faults(path):
            flush_folder(path.parent)

    def add(self, decision: Decision) -> bool:
        """Store a decision, safe on the disk when this returns. False where it is what was decided already."""
        key = (decision.frame, decision.annotator)
        if self.decisions.get(key) == decision:
            return False
        with disk_faults(self.path):
            self._write(to_line(decision).encode() + b"\n")
        self.decisions[key] = decision
        return True

    def close(self) -> None:
        """Let another process open the file."""
        self._file.close()

    def __enter__(self) -> "DecisionFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, data: bytes) -> None:
        """Write all of it or nothing: what a full disk cut off is taken back, so that the next line stands alone."""
        start = os.fstat(self._file.fileno()).st_size
        try:
            while data:
                data = data[self._file.write(data) :]
            os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(start)
            raise

    def _lock(self) -> None:
        try:
            if fcntl is not None:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"{self.path}: another process is annotating into it; use that one's page, or another --out"
            ) from None
        except OSError:
            pass  # a file system without locks, as some network ones

    def _read_and_mend(self) -> list[Decision]:
        """Read the file and make its last line whole: what a crash cut off is removed."""
        content = self.path.read_bytes()
        found = list(_lines(self.path, content))
        if content and not content.endswith(b"\n"):
            start = content.rfind(b"\n") + 1
            with disk_faults(self.path):
                if found and found[-1][1] == len(content):
                    self._write(b"\n")
                else:
                    self._file.truncate(start)
                    os.fsync(self._file.fileno())
        return [decision for decision, _ in found]
