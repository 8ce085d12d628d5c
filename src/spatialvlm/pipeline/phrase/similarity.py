"""How alike two captions are: captions in, a matrix in [0, 1] out (paper section 1f, there by CLIP's text side).

The lexical one needs no model. It answers the question that matters for naming: could a reader who is told the one
caption take it for the thing that has the other?
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations, product
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64

from spatialvlm.captions import allows, denies, kinship, noun_of, read
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
    """What captions say by their nouns and adjectives (`captions.name_fitting`): silence denies nothing.

    0.5 and more where one caption may name what the other one names, in either direction, the more words they share the
    more; at most 0.4 where not, and 0 where their nouns have nothing to do with each other. "Mug" and "white mug" are
    alike, so are "mug" and "blue cup"; "red box" and "blue box" are not, nor are "coffee table" and "side table".
    Calibrated on the paper's figure 12 and the table in tests/pipeline/phrase/test_references.py.
    """

    threshold = 0.5

    def __call__(self, captions: Sequence[str]) -> Float64[np.ndarray, "n n"]:
        """Say how alike each two captions are."""
        values = np.eye(len(captions))
        for i, j in _of_kin(captions):
            values[i, j] = values[j, i] = 1.0 if captions[i] == captions[j] else _alike(captions[i], captions[j])
        return values


def _of_kin(captions: Sequence[str]) -> Iterator[tuple[int, int]]:
    """List the pairs of captions, by their places, whose nouns may name the same thing."""
    places: dict[str, list[int]] = {}
    for place, caption in enumerate(captions):
        places.setdefault(noun_of(read(caption)), []).append(place)
    for own in places.values():
        yield from combinations(own, 2)
    for noun, other in combinations(places, 2):
        if kinship(noun, other):
            yield from product(places[noun], places[other])


@lru_cache(maxsize=1 << 18)
def _alike(one: str, other: str) -> float:
    a, b = read(one).all, read(other).all
    shared = len(a & b) / len(a | b)
    alike = (allows(one, other) or allows(other, one)) and not denies((one,), other)
    return 0.5 + 0.5 * shared if alike else 0.4 * shared
