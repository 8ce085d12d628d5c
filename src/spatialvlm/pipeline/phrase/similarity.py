"""How alike two captions are: captions in, a matrix in [0, 1] out (paper section 1f, there by CLIP's text side).

The lexical one needs no model. It answers the question that matters for naming: could a reader who is told the one
caption take it for the thing that has the other?
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64

from spatialvlm.captions import contradict, may_be_both, read
from spatialvlm.errors import UserError


@runtime_checkable
class Similarity(Protocol):
    """Cleaned captions to a matrix; two captions at or above `threshold` are too alike to tell things apart."""

    threshold: float

    def __call__(self, captions: Sequence[str]) -> Float64[np.ndarray, "n n"]:
        """Say how alike each two captions are: symmetric, 1 on the diagonal."""
        ...


def load_similarity(name: str) -> Similarity:
    """Load the similarity called `name`: "lexical"."""
    match name:
        case "lexical":
            return Lexical()
    raise UserError(f"similarity {name!r}: unknown; choose lexical")


class Lexical:
    """Word overlap that follows how a noun phrase is built.

    Unlike heads: at most 0.4. The same head: 0.2, plus 0.6 times the overlap of the words before it (1 where one has
    none: a bare "mug" may be any mug; 1 where all are adjectives: a striped pillow may be a blue one), plus 0.2 times
    that of the words after it ("cake in container" and "cake on the plate" stay alike). What excludes each other (red
    and blue, tall and short, 1 and 2) brings it to 0.4 at most.
    Calibrated on the paper's figure 12 and the table in tests/pipeline/phrase/test_references.py.
    """

    threshold = 0.5

    def __call__(self, captions: Sequence[str]) -> Float64[np.ndarray, "n n"]:
        """Say how alike each two captions are."""
        said = [read(caption).all for caption in captions]
        values = np.eye(len(captions))
        for i, (one, words) in enumerate(zip(captions, said)):
            for j in range(i):
                if not words.isdisjoint(said[j]):  # of most pairs nothing is shared
                    values[i, j] = values[j, i] = 1.0 if one == captions[j] else _alike(one, captions[j])
        return values


@lru_cache(maxsize=1 << 18)
def _alike(one: str, other: str) -> float:
    a, b = read(one), read(other)
    if a.head != b.head:
        return 0.4 * len(a.all & b.all) / len(a.all | b.all)
    before = 1.0 if may_be_both(a, b) else _overlap(a.before, b.before)
    value = 0.2 + 0.6 * before + 0.2 * _overlap(a.after, b.after)
    return 0.4 * value if contradict(a, b) else value


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Divide the shared words by the shorter list: 1 where one says no more than the other."""
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 1.0
