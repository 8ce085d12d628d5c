"""kitti_objects: KITTI's object detection benchmark -> Frames with sparse depth, camera and boxed things.

image_2/N.png, velodyne/N.bin (x, y, z in metres and reflectance, float32), calib/N.txt (P2, R0_rect, Tr_velo_to_cam),
label_2/N.txt (class, ..., height, width, length, bottom centre, yaw, in the rectified camera). The laser's points are
drawn into the picture, the nearest of a pixel is its depth, and gaps take that of the nearest pixel. The mask of a
thing are the pixels whose depth is that of a point in its box.
https://github.com/charlesq34/frustum-pointnets/blob/ec03a2ee26b1ff3f2ff3f68b04486c635ac1ef3a/kitti/kitti_util.py
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Float64

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect.decode import Refused, read_file
from spatialvlm.pipeline.collect.layouts.folder_files import files_in, joined, places, said_of
from spatialvlm.pipeline.collect.layouts.frame_list import FrameList, Given, ListedFrame
from spatialvlm.pipeline.collect.layouts.sparse_depth import nearest_hits, without_gaps
from spatialvlm.pipeline.collect.layouts.stated_cameras import StatedCamera
from spatialvlm.pipeline.collect.layouts.text_files import keyed_numbers_in, lines_of
from spatialvlm.pipeline.collect.mask_files import mask_box
from spatialvlm.records import Drop, Instance

LEVELS = 2
FOLDERS = ("image_2", "velodyne", "calib")
NEAREST_M = 0.5
MARGIN_M = 0.1  # boxes are drawn by people
FEWEST_POINTS = 20
NAMES = {
    "Car": ("car",),
    "Van": ("van",),
    "Truck": ("truck",),
    "Pedestrian": ("pedestrian", "person"),
    "Person_sitting": ("sitting person", "person"),
    "Cyclist": ("cyclist",),
    "Tram": ("tram",),
}
NO_THING = "DontCare"


@dataclass(frozen=True, slots=True, eq=False)
class Laser:
    """How the laser's points come into the picture: `rectified_from_laser` (3, 4), then `image_from_rectified`."""

    rectified_from_laser: Float64[np.ndarray, "3 4"]
    image_from_rectified: Float64[np.ndarray, "3 4"]

    def points(self, data: bytes, name: str) -> Float64[np.ndarray, "n 3"]:
        """Read points in the rectified camera. Raises Refused where the file holds none."""
        if not data or len(data) % 16:
            raise Refused("depth_unreadable", f"{name}: {len(data)} bytes, expected float32 x, y, z, reflectance")
        points = np.frombuffer(data, "<f4").reshape(-1, 4)[:, :3].astype(float)
        points = points[np.isfinite(points).all(axis=1)]
        return points @ self.rectified_from_laser[:, :3].T + self.rectified_from_laser[:, 3]

    def pixels(
        self, points: Float64[np.ndarray, "n 3"], shape: tuple[int, int]
    ) -> tuple[Float64[np.ndarray, "n 3"], Bool[np.ndarray, " n"]]:
        """Find column, row and depth of each point, and which of them the picture shows."""
        seen = points @ self.image_from_rectified[:, :3].T + self.image_from_rectified[:, 3]
        depth_m = seen[:, 2]
        before = depth_m > NEAREST_M
        with np.errstate(divide="ignore", invalid="ignore"):
            places = np.floor(seen[:, :2] / depth_m[:, None])
        inside = before & (places >= 0).all(axis=1) & (places[:, 0] < shape[1]) & (places[:, 1] < shape[0])
        return np.column_stack((places, depth_m)), inside

    def depth_m(self, data: bytes, name: str, shape: tuple[int, int]) -> Float32[np.ndarray, "h w"]:
        """Draw the points in `data` into a depth map, the nearest last, and fill the gaps between them."""
        places, inside = self.pixels(self.points(data, name), shape)
        places = places[inside]
        places = places[np.argsort(-places[:, 2], kind="stable")]
        depth_m = np.full(shape, np.nan, np.float32)
        depth_m[places[:, 1].astype(int), places[:, 0].astype(int)] = places[:, 2]
        return without_gaps(depth_m)


class KittiObjects(FrameList):
    """All frames of training and testing that have laser points, by number."""

    option, title = "kitti-objects", "KITTI's object benchmark"

    @classmethod
    def signs(cls, path: Path) -> str | None:
        """Look for pictures, laser points and calibrations side by side."""
        found = next(places(path, _is_split, LEVELS, at_most=4), None)
        return None if found is None else ", ".join(joined(found, name) for name in FOLDERS)

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "KittiObjects":
        """Open a split, or a folder of splits. Raises UserError where a calibration cannot be read."""
        folder = Path(source)
        frames: list[ListedFrame] = []
        bare = 0
        for split in places(folder, _is_split, LEVELS):
            pictures = files_in(folder, joined(split, "image_2"))
            clouds = files_in(folder, joined(split, "velodyne"), (".bin",))
            calibrations, labels = (files_in(folder, joined(split, name), (".txt",)) for name in ("calib", "label_2"))
            for stem, picture in pictures.items():
                if stem in clouds and stem in calibrations:
                    frames.append(
                        _listed(
                            folder, joined(split, stem), picture, clouds[stem], calibrations[stem], labels.get(stem)
                        )
                    )
                else:
                    bare += 1
        remarks = ["depth is of the nearest hit of the laser within 4 pixels"]
        remarks += said_of(
            bare, bare + len(frames), "pictures have no laser points or no calibration, and are left out"
        )
        return cls(folder, frames, remarks)


def _is_split(path: Path) -> bool:
    return all((path / name).is_dir() for name in FOLDERS)


def _listed(folder: Path, frame_id: str, picture: str, cloud: str, calibration: str, label: str | None) -> ListedFrame:
    numbers = keyed_numbers_in(folder / calibration)
    sizes = {"P2": 12, "R0_rect": 9, "Tr_velo_to_cam": 12}
    if any(len(numbers.get(key, ())) != size for key, size in sizes.items()):
        raise UserError(f"{folder / calibration}: expected P2, R0_rect and Tr_velo_to_cam; replace or remove it")
    image_from_rectified, turn, laser = (np.array(numbers[key]).reshape(3, -1) for key in sizes)
    fx, _, cx, _, _, fy, cy, *_ = numbers["P2"]
    rays = Laser(turn @ laser, image_from_rectified)
    return ListedFrame(
        frame_id,
        picture,
        cloud,
        calibration=StatedCamera(fx, fy, cx, cy),
        depth_of=rays.depth_m,
        instances=None if label is None else partial(_instances, folder, cloud, label, frame_id, rays),
        more_files=(calibration,) if label is None else (calibration, label),
    )


def _instances(folder: Path, cloud: str, label: str, frame_id: str, rays: Laser, shape: tuple[int, int]) -> Given:
    """Make an instance of each thing that the laser hit often enough."""
    points = rays.points(read_file(folder, cloud, "depth", f"frame {frame_id!r}"), cloud)
    places, seen = rays.pixels(points, shape)
    order = np.flatnonzero(seen)[np.argsort(-places[seen, 2], kind="stable")]
    points, columns, rows = points[order], places[order, 0].astype(int), places[order, 1].astype(int)
    of_pixel = np.full(shape, -1)
    of_pixel[rows, columns] = np.arange(len(points))  # the nearest of a pixel comes last
    place, near = nearest_hits(of_pixel >= 0)
    of_pixel = np.where(near, of_pixel.ravel()[place], -1)
    instances: list[Instance] = []
    drops: list[Drop] = []
    for number, line in lines_of(folder / label):
        kind, *words = line.split()
        if kind == NO_THING:
            continue
        try:
            inside = _in_box(points, [float(word) for word in words[7:14]])
            if np.count_nonzero(inside) < FEWEST_POINTS:
                raise Refused(
                    "few_points",
                    f"{kind} of line {number} of {label}: the laser hit it {np.count_nonzero(inside)} times, expected "
                    f"{FEWEST_POINTS}",
                )
        except Refused as refused:
            drops.append(Drop("collect", f"{frame_id}/{number}", str(refused)))
            continue
        mask = (of_pixel >= 0) & inside[of_pixel]
        instances.append(Instance(str(number), NAMES.get(kind, ()), mask_box(mask), mask, 1.0))
    return tuple(instances), tuple(drops), ()


def _in_box(points: Float64[np.ndarray, "n 3"], box: list[float]) -> Bool[np.ndarray, " n"]:
    """Tell which points lie in a box: height, width, length, x, y, z of the middle of its bottom, yaw about y."""
    if len(box) != 7:
        raise Refused("wrong_type", f"got {len(box)} numbers of a box, expected 7")
    height, width, length, x, y, z, yaw = box
    across, down, along = (points - (x, y, z)).T
    forth = np.cos(yaw) * across - np.sin(yaw) * along
    aside = np.sin(yaw) * across + np.cos(yaw) * along
    return (
        (np.abs(forth) <= length / 2 + MARGIN_M)
        & (np.abs(aside) <= width / 2 + MARGIN_M)
        & (down <= 0)
        & (down >= -height - MARGIN_M)
    )
