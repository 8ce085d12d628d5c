"""A copy of a LeRobot dataset (v3) whose rows have `next.reward` and `next.success`; the original stays as it is.

Columns, features and statistics are as LeRobot writes them: https://github.com/huggingface/lerobot/tree/7427f31
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from spatialvlm.dataset import disk_faults, write_file
from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import open_lerobot
from spatialvlm.reward.dataset_rewards import DatasetRewards
from spatialvlm.reward.reward_files import OWN

MARK = "meta/spatialvlm_reward.json"
NEXT_REWARD, NEXT_SUCCESS = "next.reward", "next.success"
FEATURES = {
    NEXT_REWARD: {"dtype": "float32", "shape": [1], "names": None},
    NEXT_SUCCESS: {"dtype": "bool", "shape": [1], "names": None},
}
KINDS = {NEXT_REWARD: pa.float32(), NEXT_SUCCESS: pa.bool_()}
STATISTICS = ("min", "max", "mean", "std", "count")
LINKED = ("videos", "images")
"""Folders whose files are linked, not copied, where the disk can: they are the same to the last byte."""


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What was written: the folder, its rows, how many of them have no reward, and which columns were replaced."""

    folder: Path
    rows: int
    unknown: int
    replaced: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """The new columns by `index` (n,), in rising order."""

    index: np.ndarray
    values: Mapping[str, np.ndarray]

    def at(self, wanted: np.ndarray, owner: str) -> dict[str, np.ndarray]:
        """Return the values of some rows. Raises UserError for a row that was not judged with the dataset."""
        places = np.minimum(np.searchsorted(self.index, wanted), len(self.index) - 1)
        if (self.index[places] != wanted).any():
            strange = int(wanted[self.index[places] != wanted][0])
            raise UserError(
                f"{owner}: row {strange} belongs to no episode of meta/episodes; write the dataset again by lerobot"
            )
        return {name: values[places] for name, values in self.values.items()}


def copy_with_rewards(dataset: str | Path, folder: str | Path, rewards: DatasetRewards) -> CopyReport:
    """Copy a dataset into `folder`, with the two columns in rows, features and statistics.

    Columns of these names are replaced. Videos are hard links where the disk can. All is written beside `folder` and
    takes its name at the end; a copy that this function wrote before is replaced. Raises UserError for a folder that
    holds something else, lies in the dataset or around it, for a data file that cannot be read, and where no episode
    has a reward.
    """
    source, target = Path(dataset), Path(folder)
    _check_target(source, target)
    table = rewards.sidecar
    known = np.isfinite(rewards.rewards)
    if not known.any():
        raise UserError(f"copy of {rewards.name!r}: no episode has a reward; see why in the summary above")
    success = table[f"{OWN}success"].to_numpy()
    columns = _Columns(table["index"].to_numpy(), {NEXT_REWARD: rewards.rewards, NEXT_SUCCESS: success})
    replaced = tuple(name for name in FEATURES if name in (open_lerobot(source).info.get("features") or {}))
    new, old = (target.with_name(f"{target.name}.{ending}") for ending in ("tmp", "old"))
    with disk_faults(target):
        _remove(new)
        _remove(old)
        (new / MARK).parent.mkdir(parents=True)
        told = {"dataset": rewards.name, "camera": rewards.camera, "rows_without_reward": int((~known).sum())}
        (new / MARK).write_text(json.dumps(told, indent=1))
        _fill(source, new, columns, table["episode_index"].to_numpy())
        if target.exists():
            os.rename(target, old)
        os.rename(new, target)
        _remove(old)
    return CopyReport(target, len(table), int((~known).sum()), replaced)


def _check_target(source: Path, target: Path) -> None:
    own, other = source.resolve(), target.resolve()
    if own == other or own in other.parents or other in own.parents:
        raise UserError(f"copy {str(target)!r}: lies in the dataset or around it; choose a folder beside it")
    for folder in (target, *(target.with_name(f"{target.name}.{ending}") for ending in ("tmp", "old"))):
        if folder.exists() and not (folder / MARK).is_file() and (not folder.is_dir() or any(folder.iterdir())):
            raise UserError(f"copy {str(folder)!r}: is there already, and no copy of this command; choose another one")


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _fill(source: Path, new: Path, columns: _Columns, episode_index: np.ndarray) -> None:
    """Write every file of the dataset, as it is or with the columns."""
    for relative in open_lerobot(source).files():
        path, place = source / relative, new / relative
        place.parent.mkdir(parents=True, exist_ok=True)
        top, ending = relative.split("/")[0], path.suffix
        if relative == MARK:
            continue
        if top == "data" and ending == ".parquet":
            _write_rows(path, place, columns)
        elif relative.startswith("meta/episodes/") and ending == ".parquet":
            _write_episodes(path, place, columns, episode_index)
        elif relative == "meta/info.json":
            info = json.loads(path.read_text("utf-8"))
            info["features"] = {**_without(info.get("features") or {}), **FEATURES}
            _write_json(place, info)
        elif relative == "meta/stats.json":
            _write_json(place, _with_statistics(json.loads(path.read_text("utf-8")), columns))
        elif top in LINKED:
            _link(path, place)
        else:
            shutil.copy2(path, place)


def _link(path: Path, place: Path) -> None:
    try:
        os.link(path.resolve(), place)
    except OSError:  # another disk, or one without links
        shutil.copy2(path, place)


def _write_json(place: Path, value: Any) -> None:
    write_file(place, lambda file: file.write(json.dumps(value, indent=4, ensure_ascii=False).encode()))


def _without(features: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in features.items() if name not in FEATURES}


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path}: cannot be read as Parquet ({error}), so it cannot be copied; replace it") from None


def _write_rows(path: Path, place: Path, columns: _Columns) -> None:
    """Write a data file group by group; whatever else it holds stays."""
    file = _opened(path)
    writer: pq.ParquetWriter | None = None
    packed = file.metadata.row_group(0).column(0).compression.lower() if file.num_row_groups else "snappy"
    packed = "none" if packed == "uncompressed" else packed
    try:
        for table in _groups(file, path):
            table = table.drop_columns([name for name in FEATURES if name in table.column_names])
            values = columns.at(table["index"].to_numpy(), str(path))
            for name, kind in KINDS.items():
                table = table.append_column(pa.field(name, kind), pa.array(values[name], kind))
            table = table.replace_schema_metadata(_hub_metadata(table.schema.metadata))
            writer = writer or pq.ParquetWriter(place, table.schema, compression=packed)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def _groups(file: pq.ParquetFile, path: Path) -> Iterator[pa.Table]:
    if not file.num_row_groups:
        yield file.schema_arrow.empty_table()
    for group in range(file.num_row_groups):
        try:
            yield file.read_row_group(group)
        except (pa.ArrowException, OSError) as error:
            raise UserError(f"{path}: row group {group} cannot be read ({error}); replace the file") from None


def _hub_metadata(metadata: Mapping[bytes, bytes] | None) -> dict[bytes, bytes]:
    """Add the columns to the features that the `datasets` library keeps in a file, where there are any."""
    told = dict(metadata or {})
    if b"huggingface" in told:
        value = json.loads(told[b"huggingface"])
        features = value.setdefault("info", {}).setdefault("features", {})
        features.update({name: {"dtype": str(one["dtype"]), "_type": "Value"} for name, one in FEATURES.items()})
        told[b"huggingface"] = json.dumps(value).encode()
    return told


def _with_statistics(stats: dict[str, Any], columns: _Columns) -> dict[str, Any]:
    """Add those of the columns, by the names that other features have."""
    known = [name for name, one in stats.items() if isinstance(one, dict) and "mean" in one]
    names = list(stats[known[0]]) if known else list(STATISTICS)
    return {**_without(stats), **{name: _statistics(values, names) for name, values in columns.values.items()}}


def _statistics(values: np.ndarray, names: Sequence[str]) -> dict[str, list[Any]]:
    """Return statistics of a column, each a list of one; rows without a reward are left out."""
    known = values[np.isfinite(values)]
    real = known.astype(np.float64) if len(known) else np.array([np.nan])
    found: dict[str, Any] = {"mean": real.mean(), "std": real.std(), "count": len(known)}
    whole = bool if values.dtype == np.bool_ and len(known) else float
    found |= {"min": whole(real.min()), "max": whole(real.max())}
    for name in names:
        if name[:1] == "q" and name[1:].isdigit():
            found[name] = np.quantile(real, int(name[1:]) / 100)
    return {
        name: [found[name] if name in ("min", "max", "count") else float(found[name])]
        for name in names
        if name in found
    }


def _write_episodes(path: Path, place: Path, columns: _Columns, episode_index: np.ndarray) -> None:
    """Write what is told of episodes, with statistics where others have them."""
    table = _opened(path).read()
    own = [name for name in table.column_names if any(name.startswith(f"stats/{new}/") for new in FEATURES)]
    table = table.drop_columns(own)
    names = list(dict.fromkeys(name.rpartition("/")[2] for name in table.column_names if name.startswith("stats/")))
    rows = [episode_index == number for number in table["episode_index"].to_pylist()]
    for feature, values in columns.values.items():
        found = [_statistics(values[own_rows], names) for own_rows in rows]
        for name in names if found else []:
            if name in found[0]:
                table = table.append_column(f"stats/{feature}/{name}", pa.array([one[name] for one in found]))
    pq.write_table(table, place)
