"""One instance's mask and depth -> the clean visible surface of the object.

Erode the mask, cut it at depth steps, keep the main component, fit out the noise, then give the rim and small holes
back where the fitted surface vouches for them. The paper's outlier removal (appendix listing 2) works on unordered
points; working in the image keeps neighbours known and costs a millisecond.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, Integer

from spatialvlm.geometry import Smoothed, middle, pixel_slopes, relative_noise, smooth_inverse
from spatialvlm.pipeline.lift import LiftConfig

WORKING_PIXELS = 5000  # larger masks are sampled on a coarser grid
STEP = 0.03  # relative bend of inverse depth between neighbours that no surface of one object makes
CONSISTENT = 0.015  # relative deviation from the local fit within which a rim pixel belongs to the surface
STEADY = 1.3  # times the noise of a pixel at most, in a point that a nearest distance may rest on
DEEP = 2.0  # times as deep as its mask is wide or high, at most: pieces further off belong to something else
MAX_RADIUS = 5  # samples
END = 0.1  # of a mask's width or height: where it ends
FITTED_NOISE_M = 0.004  # the fit looks further for each of these that the noise is
QUIET = 6e-4  # relative noise below which measured depth is better than fitted depth
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """The visible surface of one object in camera coordinates, pixel by pixel on a grid of `stride` pixels.

    `depth_m` and `noise_m` are the medians of the points' depth and of their noise along the ray. `steady` marks the
    points whose fit left little noise, `inner` those that remain when the outline moves in by `stride` pixels.
    `disputed` points lie under the mask at about the object's depth but off its fitted surface: a grazing side face, or
    the edge of something else. `occluder` points, which only the rules 1 of LiftConfig look for, are nearer than it
    just outside the outline where it reaches furthest left, right, up or down; `outline_pixels` are those looked at.
    Where depth is `exact` every point at about its depth is the object's. `unseen_share` is how much of the mask has no
    point at all. `lost` points stand for those pixels (thin legs,
    rims): where they would be at the object's own depth.
    """

    points_in_camera: Float64[np.ndarray, "n 3"]
    depth_m: float
    noise_m: float
    noise_of_points_m: Float64[np.ndarray, " n"]
    steady: Bool[np.ndarray, " n"]
    inner: Bool[np.ndarray, " n"]
    disputed_in_camera: Float64[np.ndarray, "d 3"]
    occluder_in_camera: Float64[np.ndarray, "m 3"]
    unseen_share: float
    lost_in_camera: Float64[np.ndarray, "l 3"]
    outline_pixels: int
    stride: int
    truncated: bool
    exact: bool = False


def clean_surface(
    mask: Bool[np.ndarray, "h w"],
    depth_m: Float32[np.ndarray, "h w"],
    image_from_camera: Float64[np.ndarray, "3 3"],
    frame_noise: float,
    config: LiftConfig,
    exact: bool = False,
) -> Surface | str:
    """Find the clean surface under `mask`, or the reason why there is none (`code: sentence`).

    `exact`: depth is without noise and the mask ends where depth breaks.
    """
    area = int(np.count_nonzero(mask))
    if area < config.min_pixels:
        return f"mask_too_small: {area} pixels, expected at least {config.min_pixels}"
    grid = _sample(mask, depth_m, max(1, round(math.sqrt(area / WORKING_PIXELS))))
    share = np.count_nonzero(grid.known & grid.mask) / max(1, np.count_nonzero(grid.mask))
    if share < config.min_known_share:
        return f"depth_missing: known on {share:.0%} of the mask, expected at least {config.min_known_share:.0%}"
    rim = 2 if grid.stride == 1 and area > 600 else 1
    core = _core(grid, rim)
    noise = frame_noise if exact or area < 400 else relative_noise(grid.depth_m, core)
    main, near_m, far_m = _main_component(core, grid, noise, float(image_from_camera[0, 0]))
    if np.count_nonzero(main) < 10:
        return "depth_broken: no connected surface under the mask"
    fit = smooth_inverse(grid.inverse_m, main, _radius(noise, main, grid, rim))
    kept, inverse_m = _vouched(grid, fit, noise)
    near_by = grid.mask & (grid.inverse_m > 1.0 / far_m) & (grid.inverse_m < 1.0 / near_m)
    if exact:
        kept, inverse_m = kept | near_by, np.where(near_by, grid.inverse_m, inverse_m)
    seen_share = int(np.count_nonzero(kept)) / int(np.count_nonzero(grid.mask))
    if seen_share < config.min_known_share:
        return (
            f"depth_broken: {seen_share:.0%} of the mask is one surface, expected at least {config.min_known_share:.0%}"
        )
    rest = grid.mask & ~kept
    disputed = rest & near_by
    lost = rest & ~disputed
    inverse_m = inverse_m[kept]
    factor = fit.noise_factor[kept] if noise >= QUIET else np.ones_like(inverse_m)
    noise_of_points_m = noise * factor / inverse_m
    at_m = 1.0 / middle(inverse_m)
    slopes = pixel_slopes(image_from_camera, grid.rows[:, None], grid.columns)
    outline_pixels, nearer = _nearer(grid, fit, noise) if config.rules == 1 else (0, np.zeros_like(grid.mask))
    return Surface(
        points_in_camera=(_rays(slopes, kept) / inverse_m).T,
        depth_m=at_m,
        noise_m=middle(noise_of_points_m),
        noise_of_points_m=noise_of_points_m,
        steady=(noise < QUIET) | (factor < STEADY),
        inner=_eroded(kept, 1)[kept],
        disputed_in_camera=(_rays(slopes, disputed) / grid.inverse_m[disputed]).T,
        occluder_in_camera=(_rays(slopes, nearer) / grid.inverse_m[nearer]).T,
        unseen_share=1.0 - seen_share,
        lost_in_camera=(_rays(slopes, lost) * at_m).T,
        outline_pixels=outline_pixels,
        stride=grid.stride,
        truncated=grid.touches_border,
        exact=exact,
    )


def _nearer(grid: "_Grid", fit: Smoothed, noise: float) -> tuple[int, Bool[np.ndarray, "r c"]]:
    """Count the pixels just outside the outline, and find those at its foremost ends that are nearer than the thing."""
    ring = _dilated(grid.mask, 2) & ~grid.mask & np.isfinite(fit.inverse_m)
    nearer = ring & grid.known & (grid.inverse_m > fit.inverse_m * (1.0 + max(STEP, 6.0 * noise)))
    if nearer.any():
        nearer &= _outermost(grid.mask)
    return int(np.count_nonzero(ring)), nearer


def _rays(
    slopes: tuple[Float64[np.ndarray, "r c"], Float64[np.ndarray, "r c"]], where: Bool[np.ndarray, "r c"]
) -> Float64[np.ndarray, "3 n"]:
    """Find the rays of the pixels in `where`, axis by axis, which is how all that follows is fastest."""
    rays = np.ones((3, np.count_nonzero(where)))
    rays[0], rays[1] = (slope[where] for slope in slopes)
    return rays


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """A mask's neighbourhood on a grid of `stride` pixels: pixel rows and columns, mask, depth, where it is known."""

    rows: Integer[np.ndarray, " r"]
    columns: Integer[np.ndarray, " c"]
    mask: Bool[np.ndarray, "r c"]
    depth_m: Float32[np.ndarray, "r c"]
    inverse_m: Float64[np.ndarray, "r c"]
    known: Bool[np.ndarray, "r c"]
    stride: int
    touches_border: bool


def _sample(mask: Bool[np.ndarray, "h w"], depth_m: Float32[np.ndarray, "h w"], stride: int) -> _Grid:
    height, width = mask.shape
    left, top, box_width, box_height = cv2.boundingRect(mask.view(np.uint8))
    right, bottom = left + box_width, top + box_height
    margin = 3 * stride
    rows = np.arange(max(0, top - margin), min(height, bottom + margin), stride)
    columns = np.arange(max(0, left - margin), min(width, right + margin), stride)
    window = np.s_[rows[0] : rows[-1] + 1 : stride, columns[0] : columns[-1] + 1 : stride]
    with np.errstate(invalid="ignore", divide="ignore"):
        inverse_m = 1.0 / depth_m[window].astype(np.float64)
    touches = left <= 1 or top <= 1 or right >= width - 1 or bottom >= height - 1
    return _Grid(rows, columns, mask[window], depth_m[window], inverse_m, np.isfinite(inverse_m), stride, touches)


def _eroded(mask: Bool[np.ndarray, "r c"], times: int) -> Bool[np.ndarray, "r c"]:
    """Erode a mask; outside the picture counts as inside, so that a border does not eat into a truncated object."""
    return cv2.erode(mask.view(np.uint8), _CROSS, iterations=times).view(bool)


def _dilated(mask: Bool[np.ndarray, "r c"], times: int) -> Bool[np.ndarray, "r c"]:
    return cv2.dilate(mask.view(np.uint8), _CROSS, iterations=times).view(bool)


def _outermost(mask: Bool[np.ndarray, "r c"]) -> Bool[np.ndarray, "r c"]:
    """Say where a mask ends on one of its four sides: within a margin of its bounding box's edge, or outside."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    across, down = max(1, round(END * width)), max(1, round(END * height))
    inside = np.ones(mask.shape, bool)
    inside[top + down : top + height - down, left + across : left + width - across] = False
    return inside


def _core(grid: _Grid, rim: int) -> Bool[np.ndarray, "r c"]:
    """Take the rim from a mask, where edges bleed and pixels fly; parts too thin to have a core stay whole."""
    core = _eroded(grid.mask, rim)
    thin = grid.mask & ~_dilated(core, rim + 1)
    return (core | thin) & grid.known


def _main_component(
    core: Bool[np.ndarray, "r c"], grid: _Grid, noise: float, focal_px: float
) -> tuple[Bool[np.ndarray, "r c"], float, float]:
    """Find the largest piece of `core` uncut by depth steps, and pieces at about its depth (an occluder can split it).

    Also the range of depths that count as about its own.
    """
    limit = max(STEP * math.sqrt(grid.stride), 6.0 * noise)
    smooth = grid.inverse_m if 6.0 * noise < STEP else smooth_inverse(grid.inverse_m, core, 1).inverse_m
    smooth_core = core & ~_bends(smooth, core, limit)
    count, found = cv2.connectedComponents(smooth_core.view(np.uint8), connectivity=4)
    labels = np.asarray(found, np.int32)
    if count == 1:
        return smooth_core, math.inf, 0.0
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    largest = int(areas.argmax())
    main = labels == largest
    depth_m = 1.0 / grid.inverse_m[main]
    ordered = np.sort(depth_m[:: max(1, len(depth_m) // 500)])
    near, far = ordered[len(ordered) // 50], ordered[-1 - len(ordered) // 50]
    across_px = grid.stride * max(cv2.boundingRect(grid.mask.view(np.uint8))[2:])
    reach = DEEP * across_px * float(ordered[len(ordered) // 2]) / focal_px
    near, far = float(near) - reach, float(far) + reach
    for label in np.flatnonzero(areas >= max(8, 0.02 * areas[largest])):
        piece = labels == label
        if label != largest and near < 1.0 / middle(grid.inverse_m[piece]) < far:
            main |= piece
    return main, max(near, 1e-3), far


def _bends(
    inverse_m: Float64[np.ndarray, "r c"], core: Bool[np.ndarray, "r c"], limit: float
) -> Bool[np.ndarray, "r c"]:
    """Say where depth breaks along the rows and columns of `core`: a relative second difference beyond `limit`.

    A slant alone never does, nor what lies behind the outline.
    """
    broken, values, inside = np.zeros(core.shape, bool), inverse_m.ravel(), core.ravel()
    for step in (1, core.shape[1]):
        before, here, after = np.s_[: -2 * step], np.s_[step:-step], np.s_[2 * step :]
        with np.errstate(invalid="ignore"):
            bent = np.abs(values[before] + values[after] - 2.0 * values[here]) > limit * values[here]
        broken.ravel()[here] |= bent & inside[before] & inside[after]
        if step == 1:
            broken[:, [0, -1]] = False  # neighbours there lie in different rows
    return broken


def _radius(noise: float, main: Bool[np.ndarray, "r c"], grid: _Grid, rim: int) -> int:
    """Say how far to look for the local fit: beyond the rim, further the noisier, but well within the object."""
    if noise < QUIET:
        return rim + 1
    depth_m = 1.0 / middle(grid.inverse_m[main])
    wanted = min(MAX_RADIUS, math.ceil(noise * depth_m / FITTED_NOISE_M))
    thickness = np.count_nonzero(main) / max(main.shape)
    return max(rim + 1, min(wanted, int(thickness / 8)))


def _vouched(grid: _Grid, fit: Smoothed, noise: float) -> tuple[Bool[np.ndarray, "r c"], Float64[np.ndarray, "r c"]]:
    """Find the mask's pixels whose depth fits the fitted surface, and small holes in it; and their inverse depth."""
    supported = grid.mask & (fit.noise_factor < 2.0) & (fit.inverse_m > 0)
    noise_left = noise * np.sqrt(1.0 + fit.noise_factor**2)
    # On a limb the surface turns away within the rim, by about as much per pixel as it already slopes.
    tolerance = np.maximum(CONSISTENT * grid.stride * fit.inverse_m + fit.slope, 4.0 * noise_left * fit.inverse_m)
    with np.errstate(invalid="ignore"):
        agrees = np.abs(grid.inverse_m - fit.inverse_m) < tolerance
    kept = supported & (agrees | ~grid.known)
    return kept, np.where(agrees, grid.inverse_m, fit.inverse_m) if noise < QUIET else fit.inverse_m
