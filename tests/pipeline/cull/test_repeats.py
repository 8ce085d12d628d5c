"""Pictures that repeat an earlier one of their source are dropped, whatever the shards, workers and stops."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import pytest

from fixtures.folders.tiny import content
from fixtures.models.stub_models import (
    drops,
    rows,
    stub_recipe,
    stub_stages,
    stubs,  # noqa: F401 (a fixture of every test here)
    write_photos,
)
from spatialvlm.engine import build_recipe, local
from spatialvlm.errors import UserError
from spatialvlm.pipeline.cull import CullConfig


@pytest.fixture
def repeated(tmp_path) -> Path:
    """Nine photos, of which 3 and 8 repeat the first and 5 repeats 4, compressed anew; 6 cannot be read."""
    folder = write_photos(tmp_path / "in", 9)
    for copy, original in ((3, 0), (5, 4), (8, 0)):
        image = cv2.imread(str(folder / f"photo-{original:06d}.jpg"))
        cv2.imwrite(str(folder / f"photo-{copy:06d}.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, 85])
    (folder / "photo-000006.jpg").write_bytes(b"GIF?")
    return folder


CULL = CullConfig(duplicate_bits=6)


def test_near_duplicates_are_dropped_whatever_the_shards_and_workers(repeated, tmp_path):
    recipe = stub_recipe(repeated, cull=CULL)
    build_recipe(recipe, tmp_path / "one")
    found = [(stage, name[-1], reason.split(" (")[0]) for stage, name, reason in drops(tmp_path / "one")]
    assert found == [
        ("cull", "3", "near_duplicate: of 'photo-000000'"),
        ("cull", "5", "near_duplicate: of 'photo-000004'"),
        ("collect", "6", found[2][2]),
        ("cull", "8", "near_duplicate: of 'photo-000000'"),
    ]
    for workers in (1, 2):
        small = replace(recipe, shard_size=2)
        out = tmp_path / f"{workers} workers"
        build_recipe(small, out, stages=stub_stages(small), workers=workers)
        assert rows(out) == rows(tmp_path / "one")
        assert drops(out) == drops(tmp_path / "one")


def test_the_source_is_read_twice_only_where_duplicates_are_asked_for(repeated, tmp_path, monkeypatch):
    from spatialvlm.pipeline.collect.images import ImageFolder

    read, seen = ImageFolder.read, []

    def counting(source: ImageFolder, index: int) -> Any:
        seen.append(index)
        return read(source, index)

    monkeypatch.setattr(ImageFolder, "read", counting)
    recipe = stub_recipe(repeated, cull=CULL, limit=5, shard_size=2)
    build_recipe(stub_recipe(repeated, limit=5), tmp_path / "plain")
    assert sorted(seen) == [0, 1, 2, 3, 4]
    seen.clear()
    build_recipe(recipe, tmp_path / "out")
    assert sorted(seen) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert [name[-1] for _, name, _ in drops(tmp_path / "out")] == ["3"]
    seen.clear()
    build_recipe(recipe, tmp_path / "out")
    assert not seen


def test_a_resumed_build_finds_the_same_duplicates(repeated, tmp_path, monkeypatch):
    recipe = stub_recipe(repeated, cull=CULL, shard_size=2)
    build_recipe(recipe, tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(local, "write_shard", lambda *_, **__: (_ for _ in ()).throw(UserError("disk full")))
        with pytest.raises(UserError, match="disk full"):
            build_recipe(recipe, tmp_path / "out")
    lines = (tmp_path / "whole" / "manifest.jsonl").read_text().splitlines(keepends=True)
    shutil.rmtree(tmp_path / "out")
    shutil.copytree(tmp_path / "whole", tmp_path / "out")
    (tmp_path / "out" / "manifest.jsonl").write_text("".join(lines[:2]))
    build_recipe(recipe, tmp_path / "out")
    assert content(tmp_path / "out") == content(tmp_path / "whole")
