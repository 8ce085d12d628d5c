"""What became of a source since a dataset was begun: finished shards enter, those that must be made again are named.

A shard's manifest line holds a hash of what its frames were made of. `stamps.json` in the dataset holds, for each such
hash, one of the sizes and times of the files: where these are as they were, no file is read. It is of one machine, and
may be deleted.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from spatialvlm.dataset import Progress, Summary, added_packages, to_json, write_file
from spatialvlm.engine.executor import Stages, findings
from spatialvlm.pipeline.collect import FrameSource, digest_of, reads_files, stamp_of

STAMPS = "stamps.json"

Shard = tuple[int, range]  # its number and its frames

Say = Callable[[str], object]
"""Called with a sentence about the run."""


class Inputs:
    """The files of a source, held against what a dataset in `folder` was made of."""

    def __init__(self, source: FrameSource, folder: Path) -> None:
        self.source = source
        self.mendable = reads_files(source)
        self._path = folder / STAMPS
        self._known = _read(self._path) if self.mendable else {}
        self._now: dict[str, str] = {}
        self._digests: dict[range, str] = {}

    def is_finished(self, progress: Progress, header: dict[str, Any], frames: int) -> bool:
        """Tell whether the dataset is finished, and of the source as it is now."""
        if progress.info is None:
            return False
        if not self.mendable:
            return True
        if progress.header["fingerprint"] != header["fingerprint"] or _to_be_read_again(progress, header):
            return False
        start, done = 0, [progress.done[number] for number in sorted(progress.done)]
        for summary in done:
            indices = range(start, start + summary["frames"])
            start = indices.stop
            if start > frames or ("inputs" in summary and not self._as_it_was(indices, summary)):
                return False
        return start == frames

    def take_up(self, progress: Progress, header: dict[str, Any], shards: Sequence[Shard], say: Say) -> None:
        """Go on with what is there, without the shards whose frames have changed. Raises as `Progress.restart`."""
        planned, again = dict(shards), set[int]()
        if self.mendable:
            again = {
                number
                for number, summary in progress.done.items()
                if len(planned.get(number, ())) != summary["frames"] or not self._as_it_was(planned[number], summary)
            }
        unread = _to_be_read_again(progress, header) - again
        longer = progress.info is not None and not unread and planned.keys() - progress.done.keys()
        if again or longer:
            say(_changed(planned, progress.done.keys() - again))
        if unread:
            say("packages have been installed since: what could not be read is tried again")
        progress.restart(header, again | unread)

    def hold_against_survey(
        self, progress: Progress, header: dict[str, Any], shards: Sequence[Shard], stages: Stages, say: Say
    ) -> bool:
        """Leave out the finished shards of which a survey of the whole source says something else now, if any."""
        if not self.mendable:
            return False
        kept = [(number, indices) for number, indices in shards if number in progress.done]
        again = {n for n, indices in kept if progress.done[n]["inputs"].get("survey", "") != findings(stages, indices)}
        if again:
            say(f"{_changed(dict(shards), progress.done.keys() - again)}: others repeat each other")
            progress.restart(header, again)
        return bool(again)

    def noted(self, summary: Summary, digest: str | None, stamp: str | None, survey: str) -> Summary:
        """Note what a shard was made of, in its summary; files of which there is a stamp need not be read again."""
        if digest is None or stamp is None:
            return summary
        self._now[digest] = stamp
        return {**summary, "inputs": {"files": digest} | ({"survey": survey} if survey else {})}

    def save(self) -> None:
        """Write the stamps of what is in the dataset."""
        if self._now and self._now != self._known:
            write_file(self._path, lambda file: file.write(to_json(self._now, indent=1).encode() + b"\n"))

    def _as_it_was(self, indices: range, summary: Summary) -> bool:
        digest = summary.get("inputs", {}).get("files")
        if digest is None:
            return False
        stamp = stamp_of(self.source, indices)
        if self._known.get(digest) != stamp and self._digest(indices) != digest:
            return False
        self._now[digest] = stamp
        return True

    def _digest(self, indices: range) -> str:
        if indices not in self._digests:
            self._digests[indices] = digest_of(self.source, indices)
        return self._digests[indices]


def look_at(source: FrameSource, indices: range) -> tuple[str | None, str | None]:
    """Give the digest and the stamp of some frames before they are read; None where they are drawn."""
    if not reads_files(source):
        return None, None
    stamp = stamp_of(source, indices)  # first: a file that changes on the way is then looked at again
    return digest_of(source, indices), stamp


def _to_be_read_again(progress: Progress, header: dict[str, Any]) -> set[int]:
    """Name the shards with frames that a package which was not there may read now."""
    before, now = progress.header.get("versions", {}), header["versions"]
    added = added_packages(progress.header, header)
    if not added or any(now.get(package) != version for package, version in before.items()):
        return set()
    return {
        number for number, summary in progress.done.items() if any(drop[0] == "collect" for drop in summary["drops"])
    }


def _changed(planned: dict[int, range], kept: Any) -> str:
    frames, left = sum(map(len, planned.values())), sum(len(planned[number]) for number in kept)
    return f"the source has changed: {left} of {frames} frames are kept as they were, {frames - left} are made"


def _read(path: Path) -> dict[str, str]:
    try:
        known = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
