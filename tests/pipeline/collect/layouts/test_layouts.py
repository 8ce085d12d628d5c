"""One contract for all layouts: recognised by their signs, read exactly, a damaged file is one Drop."""

import os
from pathlib import Path

import numpy as np
import pytest

from fixtures.folders import layouts, media_layouts
from fixtures.folders.layouts import truths
from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig, FrameSource, open_source, promises_of, source_type
from spatialvlm.pipeline.collect.layouts import LAYOUTS, layout_class
from spatialvlm.pipeline.collect.layouts.frame_list import FrameList
from spatialvlm.pipeline.collect.picture_files import decode_rgb

WRITERS = layouts.WRITERS | media_layouts.WRITERS


@pytest.fixture(params=sorted(WRITERS))
def layout(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def folder(layout: str, tmp_path: Path) -> Path:
    return WRITERS[layout][0](tmp_path, truths()) or tmp_path


def test_it_is_recognised_by_its_signs(layout: str, folder: Path):
    kind = source_type(str(folder))
    assert kind.option == layout
    source = open_source(str(folder))
    assert isinstance(source, FrameSource)
    assert source.layout == kind.title
    assert source.fingerprint == open_source(str(folder)).fingerprint
    promised = promises_of(str(folder), CollectConfig())
    assert (promised.measured_depth, promised.annotated) == (source.measured_depth, source.annotated)


def test_its_frames_are_read_exactly(layout: str, folder: Path):
    source = open_source(str(folder))
    assert len(source) == (1 if layout == "picture" else len(truths()))
    for index, truth in enumerate(truths()[: len(source)]):
        frame = source.read(index).frame
        assert frame is not None, source.read(index).drops
        if layout in media_layouts.LOSSY:
            assert np.abs(frame.image.astype(int) - truth.image).mean() < 6
        else:
            assert np.array_equal(frame.image, truth.image)
        assert np.array_equal(decode_rgb(frame.source.image_bytes, "stored", upright=True), frame.image)
        if frame.instances:
            assert [np.count_nonzero(one.mask) for one in frame.instances] == [
                np.count_nonzero(one.mask) for one in truth.instances or ()
            ]
        assert truth.camera is not None
        if frame.camera is not None:
            assert np.allclose(frame.camera.image_from_camera, truth.camera.image_from_camera, atol=1e-3)
        if frame.gravity_in_camera is not None:
            assert frame.gravity_in_camera == pytest.approx(truth.gravity_in_camera, abs=1e-6)
        if source.measured_depth:
            assert frame.depth_m is not None
            assert np.allclose(frame.depth_m, truth.depth_m, atol=0.6 * WRITERS[layout][1], equal_nan=True)
            assert frame.camera is not None
        for instance in frame.instances or ():
            given, known = np.asarray(instance.mask), [np.asarray(one.mask) for one in truth.instances or ()]
            assert instance.captions or layout in media_layouts.WRITERS
            assert max(np.count_nonzero(given & one) / np.count_nonzero(given | one) for one in known) > 0.95


def test_it_is_read_from_the_cache_of_the_hub(layout: str, folder: Path, tmp_path: Path):
    """There every file is a link to a blob beside the snapshot, without an ending."""
    plain = open_source(str(folder))
    snapshot, blobs = tmp_path / "datasets--me--mine/snapshots/f00d", tmp_path / "datasets--me--mine/blobs"
    blobs.mkdir(parents=True)
    for path in [path for path in tmp_path.rglob("*") if path.is_file()]:
        link, blob = snapshot / path.relative_to(tmp_path), blobs / str(len([*blobs.iterdir()]))
        link.parent.mkdir(parents=True, exist_ok=True)
        path.rename(blob)
        link.symlink_to(os.path.relpath(blob, link.parent))
    cached = open_source(str(snapshot / folder.relative_to(tmp_path)))
    assert type(cached) is type(plain)
    assert len(cached) == len(plain)
    frames = [cached.read(index).frame for index in range(len(cached))]
    assert all(frame is not None for frame in frames), cached.read(0).drops


LISTS = [option for option in WRITERS if issubclass(layout_class(option), FrameList)]


@pytest.mark.parametrize("layout", sorted(LISTS))
def test_a_damaged_picture_is_one_drop(folder: Path):
    source = open_source(str(folder))
    (folder / source.frames[0].image).write_bytes(b"")  # pyright: ignore[reportAttributeAccessIssue]
    samples = [source.read(index) for index in range(len(source))]
    assert [sample.frame is None for sample in samples] == [True] + [False] * (len(source) - 1)
    assert "image_unreadable" in samples[0].drops[0].reason


def test_every_layout_has_a_word_a_title_and_a_row_here_and_in_the_docs():
    assert {layout_class(option).option for option in LAYOUTS} == set(WRITERS)
    rows = (Path(__file__).parents[4] / "docs/sources.md").read_text("utf-8").splitlines()
    assert {row.split("`")[1] for row in rows if row.startswith("| `")} == {"rgbd", "photos", *LAYOUTS}


def test_signs_of_two_layouts_are_for_a_person_to_decide(tmp_path: Path):
    assert all(layout_class(option).signs(tmp_path) is None for option in LAYOUTS)
    with pytest.raises(UserError, match="no such layout"):
        open_source(str(tmp_path), CollectConfig(layout="tun"))
