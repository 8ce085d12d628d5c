"""Read a folder of inspect_ai's logs: with whom and with which items it began, and the answers in it.

    logs/TASK/asked.json    the model, its settings, and of every item hashes of its words and its pictures
    logs/TASK/*.eval        one log per run; a run that was killed is read up to its last answer

Enters: that folder, the items that are to be asked. Leaves: the answers that are there; what may not be mixed is
refused. The newest answer to an item does not replace an older one: an item that has an answer is not asked again.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from inspect_ai.log import EvalLog, EvalSample, RecoveryNotAvailable, read_eval_log, recover_eval_log

from spatialvlm.dataset import to_json, write_file
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item

ASKED = "asked.json"
ITEMS = "items"
_HASH_LETTERS = 16
_NAMES = {"base_url": "base URL", "max_tokens": "longest answer"}
_UNREAD = {"events", "messages", "attachments", "store"}


def read_answered(folder: Path) -> dict[str, EvalSample]:
    """Read the samples with an answer, by id. Raises UserError for a log that is damaged."""
    found: dict[str, EvalSample] = {}
    for path in sorted(folder.glob("*.eval")):
        for sample in _read(path).samples or []:
            if sample.error is None:
                found.setdefault(str(sample.id), sample)
    return found


def samples_of(log: EvalLog) -> dict[str, EvalSample]:
    """Read the samples of a log by id, with and without an answer."""
    return {str(sample.id): sample for sample in _read(Path(log.location)).samples or []}


def _read(path: Path) -> EvalLog:
    """Read a log; of a run that was killed also what it had not yet written there."""
    try:
        if read_eval_log(str(path), header_only=True).status == "started":
            with suppress(RecoveryNotAvailable):  # then all that it had is in the log
                recover_eval_log(str(path), overwrite=True)
        return read_eval_log(str(path), exclude_fields=_UNREAD)
    except (ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
        raise UserError(
            f"{path}: the log is damaged ({' '.join(str(error).split())}); remove this file, "
            "and what it held is asked again"
        ) from None


def check_same(folder: Path, task: str, settings: Mapping[str, Any], items: Sequence[Item], *, begun: bool) -> None:
    """Check that a folder with answers goes on with the model, settings and items that it began with; more may come.

    Raises UserError where anything differs. One that is not `begun` has no answer, and begins anew with what comes now.
    """
    now = {item.id: _hashes(item) for item in items}
    before: dict[str, list[str]] = {}
    if begun:
        was = _read_asked(folder, task)
        before = was[ITEMS]
        changed = [f"another {_NAMES.get(name, name)}" for name in settings if was.get(name) != settings[name]]
        both = [(before[id_], hashes) for id_, hashes in now.items() if id_ in before]
        for place, name in enumerate(("prompts", "pictures")):
            if any(old[place] != new[place] for old, new in both):
                changed.append(f"other {name}")
        if changed:
            raise UserError(f"{folder}: holds answers of {task} with {', '.join(changed)}; choose another --out")
    whole = {**settings, ITEMS: before | now}
    write_file(folder / ASKED, lambda file: file.write(to_json(whole, indent=2).encode()))


def _read_asked(folder: Path, task: str) -> dict[str, Any]:
    path = folder / ASKED
    try:
        was = json.loads(path.read_bytes())
    except (OSError, ValueError):
        was = None
    if not isinstance(was, dict) or not isinstance(was.get(ITEMS), dict):
        raise UserError(
            f"{path}: missing or damaged, so it can't be told what was asked; remove the folder {str(folder)!r} to ask "
            f"all of {task} again, or choose another --out"
        )
    return was


def _hashes(item: Item) -> list[str]:
    """Hash the words, and the item's own pictures, whose files are named by their content."""
    texts = (item.prompt, "\0".join(picture.name for picture in item.pictures if isinstance(picture, Path)))
    return [hashlib.sha256(text.encode()).hexdigest()[:_HASH_LETTERS] for text in texts]
