"""plausible: what is stated of a frame, held against its picture -> the frame, a Drop, or a doubt.

For frames that are read from files. What cannot be is dropped with its likely cause; what can be and seldom is, is a
doubt: the frame is taken and the run says so. Bounds are wide, for an unusual picture is no wrong one.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from spatialvlm.pipeline.collect.decode import Refused
from spatialvlm.records import Camera, Drop, Frame, Instance, Rle, Sample

FARTHEST_MEDIAN_M, NEAREST_MEDIAN_M = 200.0, 0.02
FAR_MEDIAN_M, NEAR_MEDIAN_M = 60.0, 0.08
ROOM_M = (0.2, 30.0)
"""Where the median of a depth map lies if the unit is right, nearly always."""
UNITS = ((1e-3, "millimetres"), (1e-2, "centimetres"), (1e-4, "tenths of a millimetre"), (1e-6, "micrometres"))
SATURATED = 0.005  # of the pixels at the greatest value: more, and the sensor ends there
NARROWEST_FOV_DEG, WIDEST_FOV_DEG = 5.0, 150.0
OFF_CENTRE = 0.25  # of the picture's width or height
ALIKE = 0.05  # two ratios of sizes agree
STRETCHED = 1.2  # between fx and fy; square pixels have 1
EVERYTHING = 0.97  # of the picture
SWALLOWED = 0.98  # of the smaller mask
STEP = 4  # pixels between those whose depth is looked at


def hold_against_picture(sample: Sample, depth_scale: float | None = None) -> Sample:
    """Judge the frame of a Sample. `depth_scale` is what was told of the unit of its depth, for the advice alone."""
    frame = sample.frame
    if frame is None:
        return sample
    try:
        said = [*_judge_depth(frame, depth_scale), *_judge_camera(frame)]
    except Refused as refused:
        return sample.dropped(Drop("collect", frame.id, str(refused)))
    kept, drops = _judge_masks(frame)
    said += _overlaid(frame.id, kept or ())
    doubts = tuple(Drop("collect", frame.id, text) for text in said)
    held = frame if not drops else replace(frame, instances=kept)
    return replace(sample, frame=held, drops=(*sample.drops, *drops), doubts=(*sample.doubts, *doubts))


def _judge_depth(frame: Frame, scale: float | None) -> Iterator[str]:
    if frame.depth_m is None:
        return
    seen = frame.depth_m[::STEP, ::STEP]
    seen = seen[np.isfinite(seen)]
    if not len(seen):
        return
    median = float(np.median(seen))
    what = f"depth of frame {frame.id!r}: its median is {median:.3g} m"
    if median >= FARTHEST_MEDIAN_M:
        raise Refused("depth_unit", f"{what}: {_smaller_unit(median, scale)}")
    if median < NEAREST_MEDIAN_M:
        raise Refused("depth_unit", f"{what}, nearer than cameras see: {_larger_unit(median, scale)}")
    if median >= FAR_MEDIAN_M:
        yield f"depth_far: {what}; right in a street or from the air, else {_smaller_unit(median, scale)}"
    if median < NEAR_MEDIAN_M:
        yield f"depth_near: {what}; right right before the lens, else {_larger_unit(median, scale)}"
    largest = float(np.nanmax(frame.depth_m))
    at_most = np.count_nonzero(seen >= largest) / len(seen)
    units = largest / (scale or 1e-3)
    if at_most < SATURATED and (largest == 1.0 or abs(units - 65535) < 0.5):
        yield (
            f"depth_relative: depth of frame {frame.id!r}: ends at the greatest value that its file can say "
            f"({largest:.6g} m): was it stretched to be looked at? lengths need metres"
        )
    if len(seen) > 1 and float(seen.min()) == largest:
        yield f"depth_flat: depth of frame {frame.id!r}: is {largest:.3g} m everywhere: a placeholder?"


def _smaller_unit(median: float, scale: float | None) -> str:
    """Advise on depth that is too large: the unit that makes it that of a room."""
    factor, unit = next(
        (one for one in UNITS if ROOM_M[0] <= median * one[0] <= ROOM_M[1]),
        (UNITS[0] if median > 1 else (1.0, "metres")),
    )
    told = (
        f" ({scale:g} makes them {unit}, as in BOP and BlenderProc)" if scale in (0.1, 1.0) and factor == 1e-3 else ""
    )
    return f"{unit}? give depth_scale {(scale or 1.0) * factor:.6g}{told}"


def _larger_unit(median: float, scale: float | None) -> str:
    """Advise on depth that is too small: scaled twice, or no depth."""
    if scale is not None and ROOM_M[0] <= median / scale <= ROOM_M[1]:
        return "metres already? leave depth_scale out, or give 1"
    return "inverse or relative depth, or scaled twice? give metres, or depth_scale as the metres of one unit"


def _judge_camera(frame: Frame) -> Iterator[str]:
    camera = frame.camera
    if camera is None or camera.provenance != "calibration":
        return
    fx, fy, cx, cy = (float(camera.image_from_camera[place]) for place in ((0, 0), (1, 1), (0, 2), (1, 2)))
    what = f"camera of frame {frame.id!r}: "
    size = f"{camera.width}x{camera.height}"
    if not (0 <= cx < camera.width and 0 <= cy < camera.height) or (max(cx, cy) <= 1):
        raise Refused(
            "camera_off_picture",
            f"{what}the principal point ({cx:g}, {cy:g}) lies outside of the picture of {size}: {_rescaling(camera)}",
        )
    across, down = (math.degrees(2 * math.atan(side / 2 / f)) for side, f in ((camera.width, fx), (camera.height, fy)))
    if not NARROWEST_FOV_DEG <= max(across, down) <= WIDEST_FOV_DEG:
        raise Refused(
            "camera_view",
            f"{what}fx {fx:g} and fy {fy:g} see {across:.3g} by {down:.3g} degrees in {size} pixels, expected "
            f"{NARROWEST_FOV_DEG:g} to {WIDEST_FOV_DEG:g}: {_rescaling(camera)}",
        )
    off = max(abs(cx / camera.width - 0.5), abs(cy / camera.height - 0.5))
    if off >= OFF_CENTRE or (off >= OFF_CENTRE / 2 and _calibrated_size(camera) is not None):
        yield (
            f"camera_off_centre: {what}the principal point ({cx:g}, {cy:g}) is far from the middle of {size}; right "
            f"for a part of a picture, else {_rescaling(camera)}"
        )
    if not 1 / STRETCHED <= fx / fy <= STRETCHED:
        yield f"camera_stretched: {what}fx {fx:g} and fy {fy:g} differ much; right for a picture that was stretched"


def _calibrated_size(camera: Camera) -> tuple[int, int] | None:
    """Find the size of the picture whose middle is the principal point, where it has this one's shape."""
    cx, cy = (float(camera.image_from_camera[row, 2]) for row in (0, 1))
    if min(cx, cy) <= 1 or abs(cx / camera.width / (cy / camera.height) - 1) > ALIKE:
        return None
    return round(2 * cx), round(2 * cy)


def _rescaling(camera: Camera) -> str:
    """Say how to bring a camera to its picture."""
    cx, cy = (float(camera.image_from_camera[row, 2]) for row in (0, 1))
    if 0 < cx <= 1 and 0 < cy <= 1:
        return "in shares of the picture? multiply fx, cx by its width and fy, cy by its height"
    rule = "multiply fx, cx by the picture's width / the calibrated width, and fy, cy likewise by the heights"
    size = _calibrated_size(camera)
    if size is None or 0.9 < size[0] / camera.width < 1.1:
        return f"of another size or cut? {rule}"
    return f"of a picture of about {size[0]}x{size[1]}? {rule}: about {camera.width / size[0]:.4g}"


def _judge_masks(frame: Frame) -> tuple[tuple[Instance, ...] | None, list[Drop]]:
    """Drop instances whose masks are of everything."""
    if frame.instances is None:
        return None, []
    largest = EVERYTHING * frame.image.shape[0] * frame.image.shape[1]
    drops = [
        Drop(
            "collect",
            f"{frame.id}/{instance.id}",
            f"mask_everything: mask of instance {instance.id!r} of frame {frame.id!r}: covers the whole picture or "
            "nearly; invert it if 0 is inside, leave it out if it is the background",
        )
        for instance in frame.instances
        if _area(instance) >= largest
    ]
    return tuple(one for one in frame.instances if _area(one) < largest), drops


def _area(instance: Instance) -> int:
    return 0 if isinstance(instance.mask, Rle) else int(np.count_nonzero(instance.mask))


def _inside(instance: Instance, window: Instance) -> np.ndarray:
    """Cut a mask to the box of an instance."""
    x0, y0, x1, y1 = np.clip(window.box_xyxy, 0, None).astype(int).tolist()
    return np.asarray(instance.mask)[y0:y1, x0:x1]


def _overlaid(frame_id: str, instances: Sequence[Instance]) -> Iterator[str]:
    """Say that masks are the same as others, or lie inside of them: how many, and the first pair."""
    masked = list(instances)
    areas = [_area(one) for one in masked]
    pairs = []
    for small, inner in enumerate(masked):
        for large, outer in enumerate(masked):
            holds = np.all(outer.box_xyxy[:2] <= inner.box_xyxy[:2]) and np.all(
                outer.box_xyxy[2:] >= inner.box_xyxy[2:]
            )
            if (areas[large], -large) > (areas[small], -small) and areas[small] and holds:
                both = np.count_nonzero(_inside(inner, inner) & _inside(outer, inner))
                if both >= SWALLOWED * areas[small]:
                    pairs.append((inner.id, outer.id, areas[large] == areas[small]))
                    break
    same, inside = ([pair[:2] for pair in pairs if pair[2] == equal] for equal in (True, False))
    if same:
        yield (
            f"mask_repeated: masks of frame {frame_id!r}: {len(same)} of {len(masked)} have the pixels of another, as "
            f"{same[0][0]!r} those of {same[0][1]!r}; one thing is one instance with all its captions"
        )
    if inside:
        inner_id, outer_id = inside[0]
        yield (
            f"mask_nested: masks of frame {frame_id!r}: {len(inside)} of {len(masked)} lie inside of another, as that "
            f"of {inner_id!r} in that of {outer_id!r}; a mask is of the visible pixels of one thing, without what "
            "stands before it"
        )
