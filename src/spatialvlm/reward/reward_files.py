"""What a reward leaves on disk: a JSON file, a Parquet sidecar as LeRobot reads it, and the log of frames.

The log is one line per frame, appended as soon as it is measured: a run that was stopped goes on behind it. Its first
line says what was asked of what, so that no other run is mixed into it.

Sidecar: https://github.com/huggingface/lerobot/tree/7427f31/src/lerobot/rewards (sarm/rabc.py reads progress_sparse).
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from spatialvlm.dataset import disk_faults, write_file
from spatialvlm.errors import UserError
from spatialvlm.reward.reward_curve import RewardCurve

LOG, JSON, SIDECAR = "frames.jsonl", "reward.json", "reward.parquet"
PICTURE, OVERLAY, HEAT_MAP = "curve.svg", "overlay.mp4", "heat_map.svg"
FIRST = b'{"run": '
OWN = "reward.spatialvlm."
COLUMNS = pa.schema(
    [
        ("index", pa.int64()),
        ("episode_index", pa.int64()),
        ("frame_index", pa.int64()),
        ("progress_sparse", pa.float32()),
        (f"{OWN}distance_m", pa.float32()),
        (f"{OWN}sigma_m", pa.float32()),
        (f"{OWN}potential", pa.float32()),
        (f"{OWN}success", pa.bool_()),
        (f"{OWN}is_inference_frame", pa.bool_()),
    ]
)


def sidecar_of(curve: RewardCurve, *, vlm_name: str = "", episode_index: int = 0, first_index: int = 0) -> pa.Table:
    """Return the columns of a curve; `first_index` is the row of its first frame in the whole dataset."""
    points, stages = curve.points, len(curve.goals)
    columns = (
        [first_index + point.index for point in points],
        [episode_index] * len(points),
        [point.index for point in points],
        [point.progress(stages) for point in points],
        [point.distance_m for point in points],
        [point.sigma_m for point in points],
        [point.potential for point in points],
        [point.success for point in points],
        [point.is_inference_frame for point in points],
    )
    told = {"reward_model_path": f"spatialvlm/{curve.source}", "vlm_name": vlm_name}
    return pa.table([pa.array(one, kind) for one, kind in zip(columns, COLUMNS.types)], COLUMNS.with_metadata(told))


def write_sidecar(path: Path, table: pa.Table) -> None:
    """Write the sidecar, whole or not at all."""
    write_file(path, lambda file: pq.write_table(table, file))


def write_json(path: Path, curve: RewardCurve) -> None:
    """Write the curve as JSON, whole or not at all."""
    text = json.dumps(curve.to_json(), ensure_ascii=False, allow_nan=False, indent=1)
    write_file(path, lambda file: file.write(text.encode()))


class FrameLog:
    """The lines of a run in its folder: those that are there, and those that come.

    Raises UserError where the folder holds the lines of another run.
    """

    def __init__(self, folder: Path, header: Mapping[str, Any]) -> None:
        self.path = folder / LOG
        self.lines: list[dict[str, Any]] = []
        with disk_faults(self.path):
            folder.mkdir(parents=True, exist_ok=True)
            whole = self._read(header) if self.path.exists() else 0
            self._file = open(self.path, "ab")  # noqa: SIM115
            self._file.truncate(whole)
        if not whole:
            self._write({"run": dict(header)})

    def append(self, line: Mapping[str, Any]) -> None:
        """Write the line of one more frame."""
        self.lines.append(dict(line))
        self._write(line)

    def close(self) -> None:
        """Close the file, with everything on the disk."""
        with disk_faults(self.path):
            os.fsync(self._file.fileno())
            self._file.close()

    def _write(self, line: Mapping[str, Any]) -> None:
        with disk_faults(self.path):
            self._file.write(json.dumps(line, ensure_ascii=False, allow_nan=False).encode() + b"\n")
            self._file.flush()

    def _read(self, header: Mapping[str, Any]) -> int:
        """Read the lines that are whole, and say how many bytes they take."""
        begun = self.path.read_bytes()[: len(FIRST)]
        if not FIRST.startswith(begun):
            raise UserError(f"{self.path}: is no log of a reward; choose another folder with --out")
        whole = 0
        for number, (line, size) in enumerate(_whole_lines(self.path)):
            if number == 0:
                _check_header(line.get("run"), header, self.path)
            elif line.get("index") != number - 1:
                break
            else:
                self.lines.append(line)
            whole += size
        return whole


def _whole_lines(path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    for text in path.read_bytes().splitlines(keepends=True):
        if not text.endswith(b"\n"):  # a run that was killed left half of it
            return
        try:
            line = json.loads(text)
        except ValueError:
            return
        if not isinstance(line, dict):
            return
        yield line, len(text)


def _check_header(found: Any, wanted: Mapping[str, Any], path: Path) -> None:
    held = found if isinstance(found, dict) else {}
    changed = [name for name in wanted if held.get(name) != wanted[name]]
    if changed:
        shown = "; ".join(f"{name} was {held.get(name)!r}, now {wanted[name]!r}" for name in changed)
        raise UserError(f"{path}: is of another run ({shown}); choose another folder with --out, or remove this one")
