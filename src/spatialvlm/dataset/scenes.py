"""Scenes and their Sources <-> the rows of `scenes`, both ways exact. Masks are stored, and come back, as Rle."""

import dataclasses
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import cast

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
        "surfaces": _surfaces([scene.surfaces for scene in scenes]),
    }
    return pa.Table.from_arrays([columns[name] for name in schema.SCENES.names], schema=schema.SCENES)


def _objects(objects: Sequence[Object]) -> pa.StructArray:
    instances = [found.instance for found in objects]
    masks = [encode_mask(instance.mask) for instance in instances]
    captions = [instance.captions for instance in instances]
    boxes = [found.box for found in objects]
    sides = [_numbers([getattr(box, field.name) for box in boxes]) for field in schema.BOX]
    return _struct(
        schema.OBJECT,
        texts([instance.id for instance in instances]),
        lists(captions, texts(list(chain.from_iterable(captions)))),
        pa.array([instance.score for instance in instances], pa.float64()),
        _numbers([instance.box_xyxy for instance in instances], np.float32),
        _attributes(schema.RLE, masks),
        _numbers([found.points_in_world for found in objects], np.float32),
        _struct(schema.BOX, *sides),
        pa.array([found.truncated for found in objects], pa.bool_()),
        pa.array([found.occluded for found in objects], pa.bool_()),
        texts([found.bottom for found in objects]),
    )


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
    light = table.drop_columns(["objects", "camera", "world_from_camera"]).to_pylist()
    cameras = list(_read_cameras(table.column("camera").combine_chunks()))
    worlds = [part.reshape(4, 4) for part in _split(table.column("world_from_camera").combine_chunks())]
    column = table.column("objects").combine_chunks()
    offsets = column.offsets.to_numpy() - column.offsets[0].as_py()
    objects = list(_read_objects(column.flatten()))
    for index, row in enumerate(light):
        own = tuple(objects[offsets[index] : offsets[index + 1]])
        yield _scene(row, cameras[index], worlds[index], own), _source(row)


def _scene(row: dict, camera: Camera, world_from_camera: np.ndarray, objects: tuple[Object, ...]) -> Scene:
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
        surfaces=_read_surfaces(row.get("surfaces")),
    )


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
    fields = {field.name: column.field(field.name) for field in schema.OBJECT}
    arrays = ("box_xyxy", "points_in_world")
    values = {name: part.to_pylist() for name, part in fields.items() if name not in (*arrays, "mask", "box")}
    boxes_xyxy, points = (_split(fields[name]) for name in arrays)
    masks = [Rle(**rle) for rle in fields["mask"].to_pylist()]
    sides = [_split(fields["box"].field(field.name)) for field in schema.BOX]
    boxes = [Box(*parts) for parts in zip(*sides)]
    for i, id_ in enumerate(values["id"]):
        instance = Instance(id_, tuple(values["captions"][i]), boxes_xyxy[i], masks[i], values["score"][i])
        flags = (values["truncated"][i], values["occluded"][i], values["bottom"][i])
        yield Object(instance, points[i].reshape(-1, 3), boxes[i], *flags)


def _split(column: pa.ListArray) -> list[np.ndarray]:
    """Split a column into its lists, as views of one array."""
    flat = column.flatten().to_numpy()
    offsets = (column.offsets.to_numpy() - column.offsets[0].as_py()).tolist()
    return [flat[start:stop] for start, stop in pairwise(offsets)]
