"""The folder of a run: what it was started with, its checkpoints, its log, and whether it is done.

    run.json  log.jsonl  checkpoints/STAGE/checkpoint-N/  report.html  README.md  the model's files  adapter/

The same command goes on with an unfinished run. A checkpoint counts once every process has said in it where it was in
the data, which it does last: one that was being written when the run was killed is passed over.
"""

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spatialvlm.dataset import disk_faults, to_json, versions, write_file
from spatialvlm.errors import UserError
from spatialvlm.train.train_config import TrainConfig, differences

RUN, LOG, CHECKPOINTS, READOUT = "run.json", "log.jsonl", "checkpoints", "readout.pt"


def place_file(rank: int) -> str:
    """Name the file of a checkpoint that says where in the data a process was."""
    return f"data-{rank}.json"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A whole checkpoint: its folder and its step."""

    folder: Path
    step: int


class RunFolder:
    """The folder of a run, see the module. Only the first of several processes writes.

    Raises UserError where the folder holds another run, saying what differs, or something that no training wrote.
    """

    def __init__(self, config: TrainConfig, *, rank: int = 0, ranks: int = 1) -> None:
        self.path, self._ranks = config.out, ranks
        wanted = config.to_json() | {"processes": ranks}
        if self.path.is_file():
            raise UserError(f"{self.path}: is a file; choose another --out")
        run = self._read()
        if run is not None:
            changed = differences(run["config"], config)
            if run["config"].get("processes", 1) != ranks:
                changed.append(f"processes was {run['config'].get('processes', 1)}, is {ranks}")
            if changed:
                raise UserError(
                    f"{self.path}: holds another run ({'; '.join(changed)}); choose another --out, or give the "
                    "settings that it had to go on with it"
                )
        elif rank == 0 and self.path.exists() and any(self.path.iterdir()):
            raise UserError(f"{self.path}: holds something that no training wrote; choose another --out")
        if rank == 0 and run is None:
            self._write({"config": wanted, "versions": versions(), "done": False})

    def _read(self) -> dict[str, Any] | None:
        try:
            return json.loads((self.path / RUN).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise UserError(
                f"{self.path / RUN}: cannot be read ({error}); remove the folder, or choose another"
            ) from None

    def _write(self, run: Mapping[str, Any]) -> None:
        text = to_json(run, indent=1) + "\n"
        write_file(self.path / RUN, lambda file: file.write(text.encode()))

    @property
    def is_done(self) -> bool:
        """Whether the run has come to its end."""
        return bool((self._read() or {}).get("done"))

    def finish(self) -> None:
        """Say that the run is done, and remove its checkpoints."""
        self._write({**(self._read() or {}), "done": True})
        shutil.rmtree(self.path / CHECKPOINTS, ignore_errors=True)

    def stage(self, name: str) -> Path:
        """Return the folder of the checkpoints of a stage."""
        return self.path / CHECKPOINTS / name

    def last_checkpoint(self, stage: str) -> Checkpoint | None:
        """Find the last whole checkpoint of a stage."""
        found = []
        for folder in self.stage(stage).glob("checkpoint-*"):
            number = re.fullmatch(r"checkpoint-(\d+)", folder.name)
            if number and all((folder / place_file(rank)).is_file() for rank in range(self._ranks)):
                found.append(Checkpoint(folder, int(number[1])))
        return max(found, key=lambda one: one.step, default=None)

    def states(self, checkpoint: Checkpoint, rank: int) -> dict[int, str]:
        """Read where in the data a process was, by lane."""
        place = json.loads((checkpoint.folder / place_file(rank)).read_text())
        return {int(lane): state for lane, state in place["states"].items()}

    def log(self, entry: Mapping[str, Any]) -> None:
        """Write a line of the log."""
        with disk_faults(self.path / LOG), (self.path / LOG).open("a") as file:
            file.write(to_json(entry) + "\n")

    def entries(self) -> list[dict[str, Any]]:
        """Read the log; of a step that was taken again after a kill the later line counts."""
        try:
            lines = (self.path / LOG).read_text().splitlines()
        except FileNotFoundError:
            return []
        found: dict[tuple[str, int], dict[str, Any]] = {}
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # the last line of a run that was killed as it wrote
            found[entry["stage"], entry["step"]] = entry
        return list(found.values())
