"""Clusters -> captions from their attributes: a colour from their pixels and a shape from their size.

Colour: the inner pixels vote for basic colour terms (Berlin and Kay's, with teal) by their CIE L*a*b* coordinates, so
that highlights and labels are outvoted; a mild cast is taken out by what is bright and nearly grey in the picture.
Shape: tall, flat or long where the visible size is clearly so, else nocluster.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int64

from spatialvlm.geometry import Image
from spatialvlm.pipeline.detect.clusters.cluster import Cluster

TALL = 1.6  # times the longer side of the footprint
FLAT = 0.35  # of the shorter side
LONG = 2.5  # times the shorter side and the height
DOMINANT = 0.4  # of the pixels agree on the colour, else the object is multicolored
SECOND = 0.6  # unless the runner-up has less than this share of the winner's votes
MAX_PIXELS = 4000
GREY_CHROMA = 9.0
BRIGHT_GREY_CHROMA = 16.0  # of what may be a cast on something white

TERMS = ("black", "gray", "white", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "brown")
_BLACK, _GREY, _WHITE, _RED, _ORANGE, _YELLOW, _GREEN, _TEAL, _BLUE, _PURPLE, _PINK, _BROWN = range(12)

# Hue angles in degrees where a term begins.
_HUES = (0, 46, 72, 112, 172, 225, 312, 335)
_HUE_TERMS = np.array((_RED, _ORANGE, _YELLOW, _GREEN, _TEAL, _BLUE, _PURPLE, _PINK))

Lab = Float32[np.ndarray, "n 3"]


def captions_of(image: Image, clusters: Sequence[Cluster]) -> list[tuple[str, ...]]:
    """Name each cluster, the preferred caption first."""
    lab = cv2.cvtColor(image.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2Lab)
    white = _white_point(lab)
    named = []
    for cluster in clusters:
        plain = f"{_colour(_inner_pixels(lab, cluster.mask), white)} object"
        shape = _shape(cluster)
        named.append((f"{shape} {plain}", plain) if shape else (plain,))
    return named


def _white_point(lab: Float32[np.ndarray, "h w 3"]) -> Float32[np.ndarray, " 3"]:
    """Find the lightness of white in this picture, and the mean a* and b* of its brightest nearly grey pixels."""
    sample = lab[::4, ::4].reshape(-1, 3)
    chroma = np.hypot(sample[:, 1], sample[:, 2])
    bright = float(np.percentile(sample[:, 0], 97))
    grey = sample[(sample[:, 0] > 0.8 * bright) & (chroma < BRIGHT_GREY_CHROMA)]
    cast = np.median(grey[:, 1:], axis=0) if len(grey) > 0.005 * len(sample) else np.zeros(2)
    return np.array([bright, *cast], np.float32)


def _inner_pixels(lab: Float32[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"]) -> Lab:
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    window = np.s_[top : top + height, left : left + width]
    part = np.pad(mask[window], 1).view(np.uint8)
    inner = cv2.erode(part, np.ones((7, 7), np.uint8))[1:-1, 1:-1].view(bool)
    if np.count_nonzero(inner) < 30:
        inner = mask[window]
    pixels = lab[window][inner]
    return pixels[:: max(1, len(pixels) // MAX_PIXELS)]


def _colour(pixels: Lab, white: Float32[np.ndarray, " 3"]) -> str:
    terms = _terms(pixels, white)
    votes = np.bincount(terms, minlength=len(TERMS))
    order = np.argsort(-votes, kind="stable")
    first, second = votes[order[0]], votes[order[1]]
    if first < DOMINANT * len(terms) and second > SECOND * first:
        return "multicolored"
    winner = int(order[0])
    lightness = float(np.median(pixels[terms == winner, 0]))
    return _shade(winner, lightness) + TERMS[winner]


def _shade(term: int, lightness: float) -> str:
    """Say "dark " or "light " where it is clear; not for terms that are dark or light themselves."""
    if term in (_RED, _GREEN, _TEAL, _BLUE, _PURPLE) and lightness < 27:
        return "dark "
    if term in (_GREEN, _BLUE, _PURPLE) and lightness > 72:
        return "light "
    return ""


def _terms(pixels: Lab, white: Float32[np.ndarray, " 3"]) -> Int64[np.ndarray, " n"]:
    """Find the colour term of each pixel."""
    lightness = pixels[:, 0]
    a, b = pixels[:, 1] - white[1], pixels[:, 2] - white[2]
    chroma, hue = np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360
    term = _HUE_TERMS[np.searchsorted(_HUES, hue, side="right") - 1]
    reddish = (hue < 20) | (hue >= 345)
    term[reddish] = np.where((lightness[reddish] > 55) | (hue[reddish] > 300) & (lightness[reddish] > 40), _PINK, _RED)
    term[(term == _RED) & (lightness > 68) & (chroma < 45)] = _PINK
    term[(hue >= 40) & (hue < 76) & (lightness < 52) & (chroma < 45)] = _BROWN
    term[(hue >= 76) & (hue < 100) & (lightness < 50) & (chroma < 25)] = _BROWN
    term[(hue >= 303) & (hue < 312) & (chroma < 60)] = _PURPLE  # pure blue has this hue too, at a high chroma
    light = lightness / max(float(white[0]), 40.0)
    # The brighter, the likelier that a tint is the light's; the darker, the less of a colour is left.
    grey = (chroma < GREY_CHROMA + 60 * np.clip(light - 0.8, 0, 0.15)) | (chroma < 0.35 * (30 - lightness) + 9)
    grey |= lightness < 10
    term[grey] = np.where(lightness < 28, _BLACK, np.where(light > 0.72, _WHITE, _GREY))[grey]
    return term


def _shape(cluster: Cluster) -> str:
    """Say one word where the visible size is clear. The far side is hidden, so footprints are rather too short."""
    if cluster.stands and cluster.height_m > TALL * cluster.long_m:
        return "tall"
    if cluster.height_m < FLAT * cluster.short_m:
        return "flat"
    if cluster.long_m > LONG * max(cluster.short_m, cluster.height_m):
        return "long"
    return ""
