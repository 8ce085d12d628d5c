"""Pictures that are nearly the same: image -> a hash of 64 bits -> which earlier picture each one repeats.

    hashes[i] = perceptual_hash(image)         for every picture of a source, in order
    earlier = duplicates_of(hashes, bits=6)    earlier[i] is the picture that i repeats, or -1

The hash is the DCT hash of phash.org (Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010,
section 3.2.1). All pairs within `bits` are found, none by chance: the 64 bits are dealt out to bands, two hashes that
differ in few bits agree or almost agree in one of the bands, and there they are looked up (Norouzi, Punjani and Fleet,
Fast Exact Search in Hamming Space with Multi-Index Hashing, 2014, https://arxiv.org/abs/1307.2982).
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import comb
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Int64, UInt8, UInt64

from spatialvlm.errors import UserError

HASH_BITS = 64
FLAT = 0
"""The hash of a picture without structure, whose bits would be those of its noise. It never repeats nor is repeated."""

MIN_CONTRAST = 1.0
"""Grey levels, 1 sigma, of the 64 frequencies; less is no structure. Photos have 15 to 40, noise of 20 levels 0.2."""

LARGEST_BLOCK = 1 << 20
"""Pairs compared at once: what bounds the memory."""

LEAF = 1024
WIDEST_BAND = 22
LOOKUP_COST, PAIR_COST, TABLE_COST, CALL_COST = 8e-9, 1.5e-8, 4e-9, 6e-5
BRUTE_COST = 2e-9
"""Seconds, roughly, on one core. They decide which way is taken, never what is found."""


def perceptual_hash(image: UInt8[np.ndarray, "h w 3"]) -> int:
    """Hash a picture: which of its 64 low frequencies lie above their median, as an unsigned number of 64 bits.

    Recompressed, resized or brightened copies differ in 0 to 2 bits, copies that lost 2 % at each side in up to 6,
    different photos in 24 or more, most of them in 32. A picture without structure has FLAT (0).
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA)
    low = cv2.dct(small)[1:9, 1:9].reshape(-1)  # without the zeroth row and column, as phash.org has it
    if np.linalg.norm(low) / 32 < MIN_CONTRAST:  # the DCT keeps lengths, and there are 32 x 32 pixels
        return FLAT
    return int.from_bytes(np.packbits(low > np.median(low)).tobytes(), "big")


def find_duplicates(ids: Sequence[str], hashes: UInt64[np.ndarray, " n"], bits: int) -> dict[str, str]:
    """Find each picture that repeats an earlier one: its id -> the id of the earlier one. See `duplicates_of`."""
    earlier = duplicates_of(hashes, bits)
    return {ids[i]: ids[int(j)] for i, j in enumerate(earlier.tolist()) if j >= 0}


def duplicates_of(hashes: UInt64[np.ndarray, " n"], bits: int) -> Int64[np.ndarray, " n"]:
    """Find for each hash the index of the earliest kept that differs in at most `bits` bits, -1 where it is kept.

    A hash is kept if no earlier kept one is that near. FLAT is always kept and nothing repeats it. Raises UserError
    where `bits` is not from 0 to 64.
    """
    if not 0 <= bits <= HASH_BITS:
        raise UserError(f"duplicate bits {bits}: expected 0 to {HASH_BITS}")
    found = np.full(len(hashes), -1, np.int64)
    solid = np.flatnonzero(hashes != FLAT)
    # Equal hashes have the same fate as the first of them.
    distinct, first, which = np.unique(hashes[solid], return_index=True, return_inverse=True)
    order = np.argsort(first)
    earlier = _greedy(distinct[order], bits) if bits else np.full(len(distinct), -1, np.int64)
    kept = np.empty(len(distinct), np.int64)
    kept[order] = np.where(earlier >= 0, order[earlier], order)
    target = solid[first[kept[which]]]
    found[solid] = np.where(target == solid, -1, target)
    return found


def _greedy(hashes: UInt64[np.ndarray, " n"], bits: int) -> Int64[np.ndarray, " n"]:
    """Find `duplicates_of` by halves: what the first half keeps is looked up by the second, what's left starts anew."""
    if len(hashes) <= LEAF:
        return _greedy_few(hashes, bits)
    half = len(hashes) // 2
    found = np.full(len(hashes), -1, np.int64)
    found[:half] = _greedy(hashes[:half], bits)
    kept = np.flatnonzero(found[:half] < 0)
    match = _earliest(hashes[kept], hashes[half:], bits)
    found[half:] = np.where(match >= 0, kept[match], -1)
    left = half + np.flatnonzero(match < 0)
    match = _greedy(hashes[left], bits)
    found[left] = np.where(match >= 0, left[match], -1)
    return found


def _greedy_few(hashes: UInt64[np.ndarray, " n"], bits: int) -> Int64[np.ndarray, " n"]:
    found = np.full(len(hashes), -1, np.int64)
    near = np.tril(np.bitwise_count(hashes[:, None] ^ hashes) <= bits, -1)
    for i in np.flatnonzero(near.any(axis=1)):
        earlier = near[i] & (found < 0)
        if earlier.any():
            found[i] = np.argmax(earlier)
    return found


def _earliest(kept: UInt64[np.ndarray, " n"], asked: UInt64[np.ndarray, " m"], bits: int) -> Int64[np.ndarray, " m"]:
    """Find for each hash asked for the first index into `kept` within `bits`, or -1."""
    plan, cost = _plan(len(kept), len(asked), bits)
    best = np.full(len(asked), len(kept), np.int64)
    if cost > BRUTE_COST * len(kept) * len(asked):
        step = max(LARGEST_BLOCK // max(len(kept), 1), 1)
        for start in range(0, len(asked), step):
            near = np.bitwise_count(asked[start : start + step, None] ^ kept) <= bits
            best[start : start + step] = np.where(near.any(axis=1), near.argmax(axis=1), len(kept))
    else:
        for band in plan:
            _look_up(kept, asked, bits, band, best)
    return np.where(best < len(kept), best, -1)


class _Band(NamedTuple):
    """Every `stride`-th bit from `start` on, `width` of them: spread, as neighbouring frequencies go together.

    Hashes are compared where they differ in at most `radius` bits of the band.
    """

    start: int
    stride: int
    width: int
    radius: int

    def keys(self, hashes: UInt64[np.ndarray, " n"]) -> Int64[np.ndarray, " n"]:
        """Read the bits of the band as a number."""
        keys = np.zeros(len(hashes), np.uint64)
        for i in range(self.width):
            bit = (hashes >> np.uint64(self.start + i * self.stride)) & np.uint64(1)
            keys |= bit << np.uint64(i)
        return keys.astype(np.int64)

    def ball(self) -> Iterator[int]:
        """Yield what to flip in a key so that all keys within the radius are met."""
        for flips in range(self.radius + 1):
            for which in combinations(range(self.width), flips):
                yield sum(1 << i for i in which)


def _plan(kept: int, asked: int, bits: int) -> tuple[list[_Band], float]:
    """Choose the cheapest bands that miss no pair, and estimate how many seconds they take.

    With radii r_1 .. r_m whose sum of (r_i + 1) is bits + 1, hashes that differ in at most `bits` bits cannot differ in
    more than r_i bits in every band i.
    """
    best: tuple[list[_Band], float] = ([], np.inf)
    for count in range(-(-HASH_BITS // WIDEST_BAND), 17):
        whole, rest = divmod(bits + 1, count)
        bands = [
            _Band(i, count, len(range(i, HASH_BITS, count)), whole - (i >= rest))
            for i in range(min(count, bits + 1))  # a radius of -1 asks for nothing
        ]
        cost = 0.0
        for band in bands:
            lookups = sum(comb(band.width, flips) for flips in range(band.radius + 1))
            each = LOOKUP_COST + PAIR_COST * kept / 2**band.width
            cost += lookups * (asked * each + CALL_COST) + TABLE_COST * 2**band.width
        if cost < best[1]:
            best = (bands, cost)
    return best


def _look_up(
    kept: UInt64[np.ndarray, " n"],
    asked: UInt64[np.ndarray, " m"],
    bits: int,
    band: _Band,
    best: Int64[np.ndarray, " m"],
) -> None:
    """Lower `best` to the first index into `kept` within `bits`, of those within the band's radius."""
    keys = band.keys(kept)
    by_key = np.argsort(keys, kind="stable")
    sorted_kept = kept[by_key]
    starts = np.zeros(2**band.width + 1, np.int32)
    np.cumsum(np.bincount(keys, minlength=2**band.width), out=starts[1:])
    # In the order of their keys the hashes asked for read the table in runs, which caches like.
    asked_keys = band.keys(asked)
    in_order = np.argsort(asked_keys)
    asked_keys, asked = asked_keys[in_order], asked[in_order]
    for flip in band.ball():
        flipped = asked_keys ^ flip
        low = starts[flipped]
        counts = starts[flipped + 1] - low
        hits = np.flatnonzero(counts)
        ends = np.cumsum(counts[hits], dtype=np.int64)
        start = 0
        while start < len(hits):  # a bucket may hold everything, so blocks are cut by pairs
            done = ends[start - 1] if start else 0
            stop = max(int(np.searchsorted(ends, done + LARGEST_BLOCK, side="right")), start + 1)
            some = hits[start:stop]
            sizes = counts[some]
            offsets = ends[start:stop] - sizes - done
            places = np.repeat(low[some] - offsets, sizes) + np.arange(ends[stop - 1] - done)
            askers = np.repeat(some, sizes)
            near = np.bitwise_count(sorted_kept[places] ^ asked[askers]) <= bits
            np.minimum.at(best, in_order[askers[near]], by_key[places[near]])
            start = stop
