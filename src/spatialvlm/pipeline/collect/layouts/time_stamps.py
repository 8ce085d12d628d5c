"""time_stamps: the times of pictures, depth maps and poses -> which of them belong together."""

import numpy as np
from jaxtyping import Float64, Int64


def associated(
    one_s: Float64[np.ndarray, " n"], other_s: Float64[np.ndarray, " m"], apart_s: float
) -> Int64[np.ndarray, "k 2"]:
    """Pair times of two clocks that are at most `apart_s` apart, each once, closest first; in order of the first."""
    order = np.argsort(other_s, kind="stable")
    after = np.searchsorted(other_s[order], one_s)
    candidates = [
        (abs(float(other_s[order[place]] - time)), index, int(order[place]))
        for index, (time, at) in enumerate(zip(one_s.tolist(), after.tolist(), strict=True))
        for place in (at - 1, at)
        if 0 <= place < len(order) and abs(float(other_s[order[place]] - time)) <= apart_s
    ]
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, index, other in sorted(candidates):
        if index not in pairs and other not in taken:
            pairs[index] = other
            taken.add(other)
    in_time = sorted(pairs, key=lambda index: (float(one_s[index]), index))
    return np.array([(index, pairs[index]) for index in in_time], np.int64).reshape(-1, 2)


def nearest(known_s: Float64[np.ndarray, " n"], at_s: Float64[np.ndarray, " m"]) -> Int64[np.ndarray, " m"]:
    """Find the nearest of known times, of which there is at least one, to each time."""
    order = np.argsort(known_s, kind="stable")
    after = np.searchsorted(known_s[order], at_s).clip(0, len(order) - 1)
    before = (after - 1).clip(0)
    closer = np.abs(known_s[order[before]] - at_s) <= np.abs(known_s[order[after]] - at_s)
    return order[np.where(closer, before, after)]
