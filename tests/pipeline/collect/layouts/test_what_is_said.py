"""What a layout says of a source in a line, what it does with what is missing, and what is refused with what to do."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from fixtures.folders.layouts import WRITERS, arkitscenes, bop, pairs, scannet, truths, tum, write_depth, write_picture
from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig, open_source
from spatialvlm.pipeline.collect.layouts.frame_list import FrameList
from spatialvlm.pipeline.collect.layouts.pairs import paired


def said(folder: Path) -> str:
    return " | ".join(open_source(str(folder)).remarks)


def test_a_lost_pose_is_unknown_and_counted(tmp_path: Path):
    scannet(tmp_path, truths())
    (tmp_path / "scene0000_00/pose/0.txt").write_text("-inf -inf -inf -inf\n" * 4)
    frames = [open_source(str(tmp_path)).read(index).frame for index in range(2)]
    assert [frame is not None and frame.gravity_in_camera is None for frame in frames] == [True, False]
    assert "1 of 2 frames have no pose" in said(tmp_path)


def test_a_pose_that_says_nothing_is_no_gravity(tmp_path: Path):
    scannet(tmp_path, truths())
    np.savetxt(tmp_path / "scene0000_00/pose/0.txt", np.eye(4))
    frame = open_source(str(tmp_path)).read(0).frame
    assert frame is not None
    assert frame.gravity_in_camera is None


def test_depth_of_another_size_is_resized_and_said(tmp_path: Path):
    scannet(tmp_path, truths())
    depth = tmp_path / "scene0000_00/depth/0.png"
    smaller = cv2.resize(cv2.imread(str(depth), cv2.IMREAD_UNCHANGED), (80, 60), interpolation=cv2.INTER_NEAREST)
    cv2.imwrite(str(depth), smaller)
    sample = open_source(str(tmp_path)).read(0)
    assert sample.frame is not None
    assert sample.frame.depth_m is not None
    assert sample.frame.depth_m.shape == (120, 160)
    assert "80x60, resized to the image's 160x120" in sample.doubts[0].reason


def test_a_camera_of_the_full_size_is_scaled_to_the_picture(tmp_path: Path):
    scannet(tmp_path, truths())
    camera = np.diag((1170.0, 1170.0, 1.0))
    camera[:2, 2] = 647.75, 483.75
    np.savetxt(tmp_path / "scene0000_00/intrinsic/intrinsic_color.txt", camera)
    frame = open_source(str(tmp_path)).read(0).frame
    assert frame is not None
    assert frame.camera is not None
    assert frame.camera.image_from_camera[0].tolist() == pytest.approx([1170 * 160 / 1296, 0, 647.75 * 160 / 1296])


def test_pictures_without_depth_are_left_out_and_counted(tmp_path: Path):
    for name, path in (("pairs", "aligned_depth_to_color/depth_1.png"), ("scannet", "scene0001_00/depth/0.png")):
        WRITERS[name][0](tmp_path / name, truths())
        (tmp_path / name / path).unlink()
        assert len(open_source(str(tmp_path / name))) == 1
        assert "1 of 2 pictures have no depth map" in said(tmp_path / name)


def test_things_with_numbers_have_no_names_until_somebody_gives_them(tmp_path: Path):
    bop(tmp_path, truths())
    scene = tmp_path / "test/000001"
    assert "no names" not in said(scene), "names.json lies above"
    (tmp_path / "names.json").unlink()
    assert "put a names.json there" in said(tmp_path)
    frame = open_source(str(scene)).read(0).frame
    assert frame is not None
    assert frame.instances
    assert not any(instance.captions for instance in frame.instances)


def test_a_sequence_without_poses_or_camera_is_read_and_said(tmp_path: Path):
    tum(tmp_path, truths())
    assert "up is taken to be the z axis" in said(tmp_path)
    (tmp_path / "groundtruth.txt").unlink()
    (tmp_path / "camera.json").unlink()
    frame = open_source(str(tmp_path)).read(0).frame
    assert frame is not None
    assert frame.gravity_in_camera is None
    assert frame.camera is not None
    assert frame.camera.provenance == "assumed"
    assert "fx 525 at 640x480" in said(tmp_path)


def test_frames_of_another_time_have_no_pose(tmp_path: Path):
    arkitscenes(tmp_path, truths())
    lines = (tmp_path / "lowres_wide.traj").read_text().splitlines()
    (tmp_path / "lowres_wide.traj").write_text(lines[0] + "\n")
    assert "1 of 2 frames have no pose of their time" in said(tmp_path)


@pytest.mark.parametrize(
    ("pictures", "depths", "expected"),
    [
        (["000001-color", "000002-color"], ["000001-depth", "000003-depth"], [("000001-color", "000001-depth")]),
        (["8-opaque-rgb-img"], ["8-opaque-depth-img-mm"], [("8-opaque-rgb-img", "8-opaque-depth-img-mm")]),
        (["a-rgb", "b-rgb"], ["b-depth", "a-depth"], [("a-rgb", "a-depth"), ("b-rgb", "b-depth")]),
        (["image"], ["arkit_depth"], [("image", "arkit_depth")]),
        (["rgb_00045"], ["sync_depth_00045"], [("rgb_00045", "sync_depth_00045")]),
        (["frame-000000.color"], ["frame-000000.depth"], [("frame-000000.color", "frame-000000.depth")]),
        (["1.00", "2.00", "3.00"], ["2.01", "3.5"], [("2.00", "2.01")]),
        (["a", "b"], ["c", "d"], []),
    ],
)
def test_names_that_belong_together(pictures: list[str], depths: list[str], expected: list[tuple[str, str]]):
    assert paired(dict.fromkeys(pictures, ""), dict.fromkeys(depths, "")) == expected


def test_pairs_of_one_folder_leave_masks_out(tmp_path: Path):
    for index, frame in enumerate(truths()):
        write_picture(tmp_path / f"{index}.png", frame)
        write_depth(tmp_path / f"{index}_depth.png", frame, 1000)
        write_picture(tmp_path / f"{index}_mask.png", frame)
    source = open_source(str(tmp_path))
    assert [source.read(index).frame is not None for index in range(len(source))] == [True, True]
    assert "depth is taken for millimetres" in said(tmp_path)
    assert "no file states the camera" in said(tmp_path)


def test_the_greatest_value_of_16_bits_is_unknown(tmp_path: Path):
    pairs(tmp_path, truths())
    path = tmp_path / "aligned_depth_to_color/depth_0.png"
    units = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    units[:5] = 65535
    cv2.imwrite(str(path), units)
    frame = open_source(str(tmp_path)).read(0).frame
    assert frame is not None
    assert frame.depth_m is not None
    assert np.isnan(frame.depth_m[:5]).all()


def test_signs_of_two_layouts_are_for_a_person_to_decide(tmp_path: Path):
    tum(tmp_path, truths())
    arkitscenes(tmp_path, truths())
    with pytest.raises(
        UserError, match=r"could be a TUM RGB-D sequence .* or videos of ARKitScenes .*--as tum or --as a"
    ):
        open_source(str(tmp_path))
    assert open_source(str(tmp_path), CollectConfig(layout="tum")).layout == "a TUM RGB-D sequence"


def test_photos_stay_photos_and_masks_beside_them_are_none(tmp_path: Path):
    for index, frame in enumerate(truths()):
        write_picture(tmp_path / f"images/train/{index}.png", frame)
        write_picture(tmp_path / f"masks/train/mask_{index}.png", frame)
        write_picture(tmp_path / f"images/train/{index}_mask.png", frame)
    source = open_source(str(tmp_path))
    assert source.layout == "a folder of photos"
    assert len(source) == 2
    assert "4 mask" in source.read(0).doubts[0].reason


def test_what_is_not_read_is_refused_with_what_to_do(tmp_path: Path):
    write_depth(tmp_path / "maps/depth/0.png", truths()[0], 1000)
    write_picture(tmp_path / "masks/masks/0.png", truths()[0])
    write_picture(tmp_path / "nuscenes/samples/CAM_FRONT/1.png", truths()[0])
    (tmp_path / "nuscenes/v1.0-mini").mkdir()
    (tmp_path / "run.bag").write_bytes(b"#ROSBAG V2.0\n")
    shutil.copytree(tmp_path / "nuscenes/v1.0-mini", tmp_path / "recording")
    (tmp_path / "recording/run_0.mcap").write_bytes(b"\x89MCAP0\r\n")
    for name, advice in (
        ("maps", "no colour pictures.*--as photos"),
        ("masks", "no photos.*--as photos"),
        ("nuscenes", "nuScenes.*--as photos"),
        ("run.bag", "folders color and depth"),
        ("recording", "folders color and depth"),
    ):
        with pytest.raises(UserError, match=advice):
            open_source(str(tmp_path / name))
    assert len(open_source(str(tmp_path / "nuscenes"), CollectConfig(layout="photos"))) == 1


def test_a_broken_list_of_one_frame_is_its_drop(tmp_path: Path):
    WRITERS["sunrgbd"][0](tmp_path, truths())
    annotation = next(tmp_path.glob("kv2/*/*/annotation2Dfinal/index.json"))
    annotation.write_text("{")
    samples = [open_source(str(tmp_path)).read(index) for index in range(2)]
    assert sorted(sample.frame is None for sample in samples) == [False, True]


def test_a_camera_that_is_none_is_the_drop_of_its_frame(tmp_path: Path):
    bop(tmp_path, truths())
    path = tmp_path / "test/000001/scene_camera.json"
    cameras = json.loads(path.read_text())
    cameras["0"]["cam_K"] = [0.0] * 9
    path.write_text(json.dumps(cameras))
    sample = open_source(str(tmp_path)).read(0)
    assert sample.drops[0].reason.startswith("camera_invalid")


@pytest.mark.parametrize(
    ("folder", "option", "frames"),
    [
        ("rgbd-tum-desk", "pairs", 1),
        ("rgbd-ycb-unlabelled", "pairs", 3),
        ("rgbd-glass", "pairs", 4),
        ("rgbd-iphone-lidar", "pairs", 1),
        ("driving-kitti-3dboxes", "kitti-objects", 2),
    ],
)
def test_real_data(assets: Path, folder: str, option: str, frames: int):
    source = open_source(str(assets / folder))
    assert isinstance(source, FrameList)
    assert source.option == option
    assert len(source) == frames
    sample = source.read(0)
    assert sample.frame is not None
    assert sample.frame.depth_m is not None
    assert 0.4 < np.nanmedian(sample.frame.depth_m) < 15


def test_a_real_walker_is_as_far_and_as_tall_as_labelled(assets: Path):
    frame = open_source(str(assets / "driving-kitti-3dboxes")).read(0).frame
    assert frame is not None
    assert frame.depth_m is not None
    assert frame.camera is not None
    (walker,) = frame.instances or ()
    distance_m = float(np.median(frame.depth_m[np.asarray(walker.mask, bool)]))
    height_m = float(walker.box_xyxy[3] - walker.box_xyxy[1]) * distance_m / frame.camera.image_from_camera[1, 1]
    assert walker.captions == ("pedestrian", "person")
    assert distance_m == pytest.approx(8.41, abs=0.3)
    assert height_m == pytest.approx(1.89, abs=0.1)
