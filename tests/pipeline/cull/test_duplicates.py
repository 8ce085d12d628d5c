"""Copies have near hashes, other pictures far ones; and the search finds just what comparing all pairs finds."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatialvlm.errors import UserError
from spatialvlm.pipeline.cull import duplicates
from spatialvlm.pipeline.cull.duplicates import FLAT, duplicates_of, find_duplicates, perceptual_hash

BITS = 6


@pytest.fixture(scope="module")
def photos(assets: Path) -> list[np.ndarray]:
    paths = sorted((assets / "photos").glob("*.*")) + sorted((assets / "rooms-calibrated-photos").glob("*/img.jpg"))
    if not paths:
        pytest.skip(f"no photos at {assets}")
    return [np.ascontiguousarray(cv2.imread(str(path))[:, :, ::-1]) for path in paths]


def distance(a: int, b: int) -> int:
    return (a ^ b).bit_count()


def recompressed(image: np.ndarray) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_COLOR)


def halved(image: np.ndarray) -> np.ndarray:
    return cv2.resize(image, None, fx=0.5, fy=0.5)


def brightened(image: np.ndarray) -> np.ndarray:
    return np.clip(image * 1.1, 0, 255).astype(np.uint8)


def cropped(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    return np.ascontiguousarray(image[height // 100 : -height // 100, width // 100 : -width // 100])


@pytest.mark.parametrize("change", [recompressed, halved, brightened, cropped])
def test_copies_are_duplicates(photos, change):
    assert max(distance(perceptual_hash(photo), perceptual_hash(change(photo))) for photo in photos) <= BITS


def test_other_photos_are_not(photos):
    hashes = [perceptual_hash(photo) for photo in photos]
    assert min(distance(a, b) for i, a in enumerate(hashes) for b in hashes[:i]) >= 20
    assert (duplicates_of(np.array(hashes, np.uint64), duplicates.HASH_BITS // 4) == -1).all()


def test_a_hash_is_64_bits_half_of_them_set(photos):
    for photo in photos:
        assert 0 < perceptual_hash(photo) < 2**64
        assert perceptual_hash(photo).bit_count() == 32


def test_pictures_without_structure_are_flat():
    generator = np.random.default_rng(0)
    for grey in (0, 128, 255):
        assert perceptual_hash(np.full((480, 640, 3), grey, np.uint8)) == FLAT
    noise = np.clip(128 + generator.normal(0, 20, (480, 640, 3)), 0, 255).astype(np.uint8)
    assert perceptual_hash(noise) == FLAT
    stripes = np.tile(generator.integers(0, 255, (1, 640, 1), dtype=np.uint8), (480, 1, 3))
    assert perceptual_hash(stripes) == FLAT  # all its structure is in the row that the hash leaves out


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (32, 32), (500, 7)])
def test_any_picture_has_a_hash_and_stays_as_it_is(shape):
    image = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    before = image.copy()
    assert 0 <= perceptual_hash(image) < 2**64
    assert np.array_equal(image, before)


def by_all_pairs(hashes: np.ndarray, bits: int) -> list[int]:
    """The definition."""
    found: list[int] = []
    for i, one in enumerate(hashes.tolist()):
        near = (
            j
            for j in range(i)
            if found[j] < 0 and one != FLAT and int(hashes[j]) != FLAT and distance(one, int(hashes[j])) <= bits
        )
        found.append(next(near, -1))
    return found


@st.composite
def hash_lists(draw: st.DrawFn) -> np.ndarray:
    """Hashes in clusters, so that many are near each other; some are flat."""
    centres = draw(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=4))
    members = st.tuples(st.sampled_from([*centres, FLAT]), st.sets(st.integers(0, 63), max_size=7))
    chosen = draw(st.lists(members, max_size=60))
    return np.array([centre ^ sum(1 << bit for bit in bits) for centre, bits in chosen], np.uint64)


@pytest.mark.parametrize("brute_cost", [0.0, 1e9], ids=["all pairs", "bands"])
@settings(max_examples=60)
@given(hashes=hash_lists(), bits=st.integers(0, 12))
def test_the_search_is_exact(brute_cost, hashes, bits):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "LEAF", 3)
        patch.setattr(duplicates, "BRUTE_COST", brute_cost)
        patch.setattr(duplicates, "LARGEST_BLOCK", 5)
        found = duplicates_of(hashes, bits)
    assert found.dtype == np.int64
    assert found.tolist() == by_all_pairs(hashes, bits)


@pytest.mark.parametrize("bits", [0, 1, 5, 8, 33, 63, 64])
def test_bands_and_their_radii_miss_no_pair(bits):
    for kept in (10, 10_000, 1_000_000):
        bands, _ = duplicates._plan(kept, kept, bits)
        assert sum(band.radius + 1 for band in bands) >= bits + 1
        taken = [band.start + i * band.stride for band in bands for i in range(band.width)]
        assert len(taken) == len(set(taken))
        assert set(taken) <= set(range(64))


def test_many_hashes_at_once():
    generator = np.random.default_rng(3)
    hashes = generator.integers(1, 2**64, 30_000, dtype=np.uint64)
    copies = hashes[:10_000].copy()
    for _ in range(BITS):
        copies ^= np.uint64(1) << generator.integers(0, 64, len(copies), dtype=np.uint64)
    found = duplicates_of(np.concatenate([hashes, copies]), BITS)
    assert (found[:30_000] == -1).all()
    assert np.array_equal(found[30_000:], np.arange(10_000))


def test_crowds_cost_no_more():
    """A camera that stands still, a black source, hashes that agree in half of their bits: no bucket grows."""
    still = np.full(200_000, 12345, np.uint64)
    assert (duplicates_of(still, BITS)[1:] == 0).all()
    assert (duplicates_of(np.zeros(200_000, np.uint64), BITS) == -1).all()
    alike = np.random.default_rng(0).integers(1, 2**64, 20_000, dtype=np.uint64) | np.uint64(0xFFFFFFFF)
    found = duplicates_of(alike, BITS)
    kept = np.flatnonzero(found < 0)
    assert (np.bitwise_count(alike[found[found >= 0]] ^ alike[found >= 0]) <= BITS).all()
    assert set(found[found >= 0]) <= set(kept)


def test_the_earliest_kept_one_is_named_and_chains_do_not_carry():
    hashes = np.array([0b1111, 0b0111, 0b0011, FLAT, 0b0111, FLAT], np.uint64)
    assert duplicates_of(hashes, 1).tolist() == [-1, 0, -1, -1, 0, -1]
    assert find_duplicates(["a", "b", "c", "d", "e", "f"], hashes, 1) == {"b": "a", "e": "a"}
    assert find_duplicates([], np.zeros(0, np.uint64), 4) == {}


@pytest.mark.parametrize("bits", [-1, 65])
def test_bits_out_of_range_are_refused(bits):
    with pytest.raises(UserError, match="expected 0 to 64"):
        duplicates_of(np.zeros(2, np.uint64), bits)
