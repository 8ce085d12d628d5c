"""`spatialvlm inspect`: what a source was taken for, and what cannot be read of it."""

import cv2
import pytest

from fixtures.folders.tiny import tiny_frames, write_rgbd


@pytest.fixture
def source(tmp_path):
    return write_rgbd(tmp_path / "frames", tiny_frames(3))


def test_inspect_says_what_a_source_was_taken_for(run, source, tmp_path):
    code, printed, errors = run("inspect", source, "--png", tmp_path / "x.png")
    assert (code, errors) == (0, "")
    assert printed.startswith("frames: an RGB-D folder (frames.jsonl), 3 frames\n")
    assert "pixels: 160x120\n" in printed
    assert printed.endswith(f"build would use the recipe given: no model is needed\npicture: {tmp_path / 'x.png'}\n")
    picture = cv2.imread(str(tmp_path / "x.png"))
    assert picture is not None
    assert picture.shape[0] > 500
    assert picture.shape[1] > 2 * picture.shape[0]
    code, printed, _ = run("inspect", source / "rgb", "--png", tmp_path / "y.png")
    assert code == 0
    assert printed.startswith("rgb: a folder of photos, 3 frames\npixels: 160x120\ndepth: none\n")
    assert "build would use the recipe photos" in printed


def test_inspect_of_what_cannot_be_read(run, tmp_path):
    (tmp_path / "frames.jsonl").write_text("nope\n")
    code, printed, errors = run("inspect", tmp_path)
    assert (code, "1 frame\n" in printed) == (1, True)
    assert "none of 1 frames that were looked at can be read: line_not_json: line 1" in errors
    assert run("inspect", tmp_path / "nowhere")[0] == 1
