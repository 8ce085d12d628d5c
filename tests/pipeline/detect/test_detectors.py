"""One contract for all detectors that need no model, then what is special about given annotations."""

from dataclasses import fields, replace

import numpy as np
import pytest

from spatialvlm.errors import ContractError, UserError
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.detect import DetectConfig, load_detector
from spatialvlm.pipeline.detect.config import BY_MODELS, DETECTORS
from spatialvlm.records import Drop, Frame, Instance, Rle


@pytest.fixture(scope="module")
def frames() -> tuple[Frame, ...]:
    source = ShapesSource(30)
    found = [source.read(index).frame for index in (3, 4, 16)]
    return tuple(frame for frame in found if frame is not None)


def bare(frame: Frame) -> Frame:
    return replace(frame, instances=None)


def seen(result: Frame | Drop) -> tuple[Instance, ...]:
    assert isinstance(result, Frame), result
    assert result.instances is not None
    return result.instances


def mask_of(instance: Instance) -> np.ndarray:
    assert not isinstance(instance.mask, Rle)
    return instance.mask


def assert_same(one: tuple[Instance, ...], other: tuple[Instance, ...]) -> None:
    assert [(i.id, i.captions) for i in one] == [(i.id, i.captions) for i in other]
    for a, b in zip(one, other):
        np.testing.assert_array_equal(a.mask, b.mask)
        np.testing.assert_array_equal(a.box_xyxy, b.box_xyxy)


@pytest.mark.parametrize("annotated", [True, False])
@pytest.mark.parametrize("name", sorted({*DETECTORS} - {*BY_MODELS}))
def test_contract(name: str, annotated: bool, frames: tuple[Frame, ...]) -> None:
    detect = load_detector(DetectConfig(name))
    batch = list(frames) if annotated else [bare(frame) for frame in frames]
    before = [(frame.image.copy(), None if frame.depth_m is None else frame.depth_m.copy()) for frame in batch]
    results = detect(batch)
    assert len(results) == len(batch)
    for frame, (image, depth_m), result in zip(batch, before, results):
        np.testing.assert_array_equal(frame.image, image)
        np.testing.assert_array_equal(frame.depth_m, depth_m)
        if name == "given" and not annotated:
            assert isinstance(result, Drop)
            continue
        found = seen(result)
        assert all(getattr(result, f.name) is getattr(frame, f.name) for f in fields(frame) if f.name != "instances")
        assert_same(seen(detect([frame])[0]), found)
        assert len({instance.id for instance in found}) == len(found) > 0
        for instance in found:
            mask = mask_of(instance)
            assert mask.dtype == bool
            assert mask.shape == frame.image.shape[:2]
            rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
            tight = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
            assert instance.box_xyxy.tolist() == tight


def test_an_unknown_detector_is_refused_with_the_choice() -> None:
    with pytest.raises(UserError, match="auto, given, clusters"):
        load_detector(DetectConfig("yolo"))


def test_given_passes_annotations_on_untouched(frames: tuple[Frame, ...]) -> None:
    nothing = replace(frames[0], instances=())
    for name in ("given", "auto"):
        passed = load_detector(DetectConfig(name))([frames[0], nothing])
        assert [one is other for one, other in zip(passed, (frames[0], nothing), strict=True)] == [True, True]


def test_given_without_annotations_names_the_way_out(frames: tuple[Frame, ...]) -> None:
    (drop,) = load_detector(DetectConfig("given"))([bare(frames[0])])
    assert isinstance(drop, Drop)
    assert drop.stage == "detect"
    assert drop.reason.startswith("no_instances: ")
    assert "--detector clusters" in drop.reason


def test_given_refuses_what_breaks_the_contract(frames: tuple[Frame, ...]) -> None:
    frame = frames[0]
    assert frame.instances is not None
    first = frame.instances[0]
    with pytest.raises(ContractError, match="occurs twice"):
        load_detector(DetectConfig("given"))([replace(frame, instances=(first, first))])
    small = replace(first, mask=mask_of(first)[:100])
    with pytest.raises(ContractError, match=r"got \(100, 640\), expected \(480, 640\)"):
        load_detector(DetectConfig("given"))([replace(frame, instances=(small,))])
    packed = replace(frame, instances=(replace(first, mask=Rle(480, 640, b"")),))
    assert load_detector(DetectConfig("given"))([packed])[0] is packed
