"""Scenes and their Sources <-> the rows of `scenes`, both ways exact. Masks are stored, and come back, as Rle."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, pairwise, repeat
from typing import TypeVar, cast

import numpy as np
import pyarrow as pa

from spatialvlm.dataset import schema
from spatialvlm.dataset.questions import lists, texts
from spatialvlm.geometry import encode_mask
from spatialvlm.records import (
    Box,
    Camera,
    Instance,
    LevelSurface,
    Object,
    Rle,
    Scene,
    SceneErrors,
    Source,
    Support,
    Verdict,
)

_HEAVY = ("objects", "unlifted", "camera", "world_from_camera")
_Record = TypeVar("_Record")


def scenes_table(rows: Sequence[tuple[Scene, Source]]) -> pa.Table:
    """Make a table of one row per (Scene, its Source), in the order given."""
    scenes, sources = [scene for scene, _ in rows], [source for _, source in rows]
    objects = list(chain.from_iterable(scene.objects for scene in scenes))
    columns = {
        "frame_id": texts([scene.frame_id for scene in scenes]),
        "image": _struct(
            schema.IMAGE,
            pa.array([source.image_bytes or None for source in sources], pa.binary()),
            texts([source.image_path for source in sources]),
        ),
        "origin": texts([source.origin for source in sources]),
        "licence": texts([source.licence for source in sources]),
        "camera": _cameras([scene.camera for scene in scenes]),
        "world_from_camera": _numbers([scene.world_from_camera for scene in scenes]),
        "gravity": texts([scene.gravity for scene in scenes]),
        "support": _struct(
            schema.SUPPORT,
            texts([scene.support.surface for scene in scenes]),
            texts([scene.support.refusal for scene in scenes]),
        ),
        "scale": texts([scene.scale for scene in scenes]),
        "scale_provenance": texts([scene.scale_provenance for scene in scenes]),
        "errors": _attributes(schema.ERRORS, [scene.errors for scene in scenes]),
        "objects": lists([scene.objects for scene in scenes], _objects(objects)),
        "versions": _versions(scenes),
        "verdict": _verdicts([scene.verdict for scene in scenes]),
        "unlifted": lists(
            [scene.unlifted for scene in scenes],
            _struct(schema.INSTANCE, *_instances(list(chain.from_iterable(scene.unlifted for scene in scenes)))),
        ),
        "surfaces": _surfaces([scene.surfaces for scene in scenes]),
    }
    return pa.Table.from_arrays([columns[name] for name in schema.SCENES.names], schema=schema.SCENES)


def _objects(objects: Sequence[Object]) -> pa.StructArray:
    boxes = [found.box for found in objects]
    sides = [_numbers([getattr(box, field.name) for box in boxes]) for field in schema.BOX]
    return _struct(
        schema.OBJECT,
        *_instances([found.instance for found in objects]),
        _numbers([found.points_in_world for found in objects], np.float32),
        _struct(schema.BOX, *sides),
        pa.array([found.truncated for found in objects], pa.bool_()),
        pa.array([found.occluded for found in objects], pa.bool_()),
        texts([found.bottom for found in objects]),
    )


def _instances(instances: Sequence[Instance]) -> list[pa.Array]:
    captions = [instance.captions for instance in instances]
    return [
        texts([instance.id for instance in instances]),
        lists(captions, texts(list(chain.from_iterable(captions)))),
        pa.array([instance.score for instance in instances], pa.float64()),
        _numbers([instance.box_xyxy for instance in instances], np.float32),
        _attributes(schema.RLE, [encode_mask(instance.mask) for instance in instances]),
    ]


def _cameras(cameras: Sequence[Camera]) -> pa.StructArray:
    return _struct(
        schema.CAMERA,
        _numbers([camera.image_from_camera for camera in cameras]),
        pa.array([camera.width for camera in cameras], pa.int32()),
        pa.array([camera.height for camera in cameras], pa.int32()),
        texts([camera.provenance for camera in cameras]),
        pa.array([camera.focal_error for camera in cameras], pa.float64()),
    )


def _verdicts(verdicts: Sequence[Verdict | None]) -> pa.StructArray:
    rows = [None if verdict is None else dataclasses.asdict(verdict) for verdict in verdicts]
    return cast(pa.StructArray, pa.array(rows, schema.VERDICT))


def _surfaces(surfaces: Sequence[Sequence[LevelSurface] | None]) -> pa.ListArray:
    rows = [None if own is None else [dataclasses.asdict(surface) for surface in own] for own in surfaces]
    return cast(pa.ListArray, pa.array(rows, schema.SCENES.field("surfaces").type))


def _versions(scenes: Sequence[Scene]) -> pa.ListArray:
    pairs = [sorted(scene.versions.items()) for scene in scenes]
    flat = list(chain.from_iterable(pairs))
    names, versions = [name for name, _ in flat], [version for _, version in flat]
    return lists(pairs, _struct(schema.VERSION, texts(names), texts(versions)))


def _struct(type_: pa.StructType, *columns: pa.Array) -> pa.StructArray:
    return pa.StructArray.from_arrays(list(columns), fields=list(type_))


def _attributes(type_: pa.StructType, records: Sequence[object]) -> pa.StructArray:
    """Make a struct column of the records' attributes of the same names."""
    return _struct(type_, *(pa.array([getattr(record, f.name) for record in records], f.type) for f in type_))


def _numbers(arrays: Sequence[np.ndarray], dtype: type = np.float64) -> pa.ListArray:
    """Make a column with one list of numbers per array, in row order."""
    flat = np.concatenate([array.ravel() for array in arrays]) if arrays else np.empty(0)
    offsets = np.cumsum([0, *(array.size for array in arrays)], dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat.astype(dtype, copy=False)))


def read_scenes(table: pa.Table) -> Iterator[tuple[Scene, Source]]:
    """Read (Scene, Source) of every row; without an `image` column the sources hold no image."""
    # Python values for the few, numpy for the many
    light = table.select([name for name in table.column_names if name not in _HEAVY]).to_pylist()
    cameras = list(_read_cameras(table.column("camera").combine_chunks()))
    worlds = [part.reshape(4, 4) for part in _split(table.column("world_from_camera").combine_chunks())]
    objects = _by_row(table.column("objects"), _read_objects)
    stored = "unlifted" in table.column_names
    unlifted = _by_row(table.column("unlifted"), _read_instances) if stored else repeat(())
    for row, camera, world, own, others in zip(light, cameras, worlds, objects, unlifted):
        yield _scene(row, camera, world, own, others), _source(row)


def _by_row(column: pa.ChunkedArray, read: Callable[[pa.StructArray], Iterator[_Record]]) -> list[tuple[_Record, ...]]:
    """Read the records of a list column, row by row."""
    whole = column.combine_chunks()
    records = list(read(whole.flatten()))
    offsets = (whole.offsets.to_numpy() - whole.offsets[0].as_py()).tolist()
    return [tuple(records[start:stop]) for start, stop in pairwise(offsets)]


def _scene(
    row: dict,
    camera: Camera,
    world_from_camera: np.ndarray,
    objects: tuple[Object, ...],
    unlifted: tuple[Instance, ...],
) -> Scene:
    return Scene(
        frame_id=row["frame_id"],
        camera=camera,
        world_from_camera=world_from_camera,
        gravity=row["gravity"],
        support=Support(**row["support"]),
        scale=row["scale"],
        scale_provenance=row["scale_provenance"],
        errors=SceneErrors(**row["errors"]),
        objects=objects,
        versions={item["name"]: item["version"] for item in row["versions"]},
        verdict=None if row["verdict"] is None else Verdict(**row["verdict"]),
        unlifted=unlifted,
        surfaces=_read_surfaces(row.get("surfaces")),
    )


def source_columns(table: pa.Table) -> pa.Table:
    """Choose what `read_sources` reads."""
    return table.select([name for name in ("origin", "licence", "image") if name in table.column_names])


def read_sources(table: pa.Table) -> list[Source]:
    """Read the Source of every row alone, as `read_scenes` does."""
    return [_source(row) for row in table.to_pylist()]


def _read_surfaces(rows: list[dict] | None) -> tuple[LevelSurface, ...] | None:
    """Read surfaces; scenes of earlier versions have no such column."""
    if rows is None:
        return None
    return tuple(LevelSurface(row["of"], row["height_m"], tuple(row["things"]), Rle(**row["free"])) for row in rows)


def _source(row: dict) -> Source:
    image = row.get("image") or {}
    return Source(row["origin"], row["licence"], image.get("path"), image.get("bytes") or b"")


def _read_cameras(column: pa.StructArray) -> Iterator[Camera]:
    matrices = [part.reshape(3, 3) for part in _split(column.field("image_from_camera"))]
    fields = (column.field(name).to_pylist() for name in ("width", "height", "provenance", "focal_error"))
    return (Camera(*values) for values in zip(matrices, *fields))


def _read_objects(column: pa.StructArray) -> Iterator[Object]:
    points = _split(column.field("points_in_world"))
    boxes = (Box(*parts) for parts in zip(*(_split(column.field("box").field(field.name)) for field in schema.BOX)))
    flags = (column.field(name).to_pylist() for name in ("truncated", "occluded", "bottom"))
    for instance, own, box, *rest in zip(_read_instances(column), points, boxes, *flags):
        yield Object(instance, own.reshape(-1, 3), box, *rest)


def _read_instances(column: pa.StructArray) -> Iterator[Instance]:
    ids, captions, scores, masks = (column.field(name).to_pylist() for name in ("id", "captions", "score", "mask"))
    for id_, said, box, rle, score in zip(ids, captions, _split(column.field("box_xyxy")), masks, scores):
        yield Instance(id_, tuple(said), box, Rle(**rle), score)


def _split(column: pa.ListArray) -> list[np.ndarray]:
    """Split a column into its lists, as views of one array."""
    flat = column.flatten().to_numpy()
    offsets = (column.offsets.to_numpy() - column.offsets[0].as_py()).tolist()
    return [flat[start:stop] for start, stop in pairwise(offsets)]
