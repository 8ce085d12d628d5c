"""Which chains are made of a scene: kinds in turn, objects by chance, refusals counted by kind and reason."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Protocol

import numpy as np

from spatialvlm.answers import YesNo
from spatialvlm.chains.chain_records import STYLES, Chain, Style
from spatialvlm.chains.choosing import extremum
from spatialvlm.chains.comparing import compare
from spatialvlm.chains.dividing import divide
from spatialvlm.chains.drafts import Draft, work_out
from spatialvlm.chains.fact_book import FactBook
from spatialvlm.chains.fitting import fit
from spatialvlm.chains.ordering import order
from spatialvlm.chains.summing import add_up
from spatialvlm.chains.tellings import chain_of
from spatialvlm.chains.tops import top
from spatialvlm.chains.triangles import triangle
from spatialvlm.errors import UserError
from spatialvlm.records import Scene


class _Drafter(Protocol):
    def __call__(self, book: FactBook, rng: np.random.Generator, /) -> Draft | str: ...


CHAIN_KINDS: Mapping[str, _Drafter] = MappingProxyType(
    {
        "compare": compare,
        "sum": add_up,
        "ratio": divide,
        "triangle": triangle,
        "fit": fit,
        "extremum": extremum,
        "order": order,
        "top": top,
    }
)
CHAIN_REASONS = MappingProxyType(
    {
        "not_measured": "a length that it takes was refused, or there are too few objects with a name",
        "not_asked": "too easy, too odd, or one name speaks of the other object",
        "not_clear": "the two things do not stand on one level, or something is between them",
        "given_away": "the names would answer it",
        "too_close_to_call": "the conclusion does not hold by three sigmas, or nobody sees the difference",
        "too_uncertain": "the length that it comes to has too great an error",
        "rounding": "the numbers as they are said would lead to another conclusion",
    }
)
"""Why a chain is refused."""
_STREAM = 0xC4A1  # apart from that of `phrase`
_TRIES = 40

ChosenStyle = Style | Literal["mixed"]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The chains of a scene, and how often which kind was refused for which reason."""

    chains: tuple[Chain, ...]
    refusals: Mapping[tuple[str, str], int]


def draw_chains(
    scene: Scene, count: int = 8, seed: int = 0, *, style: ChosenStyle = "long", think: bool = False
) -> Drawn:
    """Make up to so many different chains about a scene; what they are depends on the seed and the frame's id alone.

    Raises UserError for a style that there is not, and a count or a seed below 0.
    """
    if style != "mixed" and style not in STYLES:
        raise UserError(f"style {style!r}: unknown; choose one of {', '.join(STYLES)}, mixed")
    if count < 0 or seed < 0:
        raise UserError(f"count {count}, seed {seed}: expected 0 or more")
    digest = int.from_bytes(hashlib.sha256(scene.frame_id.encode()).digest()[:8], "big")
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, digest, _STREAM])))
    book, refusals = FactBook(scene), Counter[tuple[str, str]]()
    chains: dict[tuple[object, ...], Chain] = {}
    names = list(CHAIN_KINDS)
    while names and len(chains) < count:
        for name in [names[place] for place in rng.permutation(len(names))]:
            own: Style = STYLES[int(rng.integers(len(STYLES)))] if style == "mixed" else style
            chain = _next(book, name, rng, seed, own, think, chains, refusals)
            if chain is None:
                names.remove(name)
            elif len(chains) < count:
                chains[_topic(chain)] = chain
    return Drawn(tuple(chains.values()), dict(sorted(refusals.items())))


def chains_of(
    scene: Scene, count: int = 8, seed: int = 0, *, style: ChosenStyle = "long", think: bool = False
) -> list[Chain]:
    """Make up to so many chains about a scene; see `draw_chains`, which counts what was refused too."""
    return list(draw_chains(scene, count, seed, style=style, think=think).chains)


def _next(
    book: FactBook,
    name: str,
    rng: np.random.Generator,
    seed: int,
    style: Style,
    think: bool,
    chains: Mapping[tuple[object, ...], Chain],
    refusals: Counter[tuple[str, str]],
) -> Chain | None:
    """Make a new chain of a kind; None where none was found. Of yes and no it is as often the one as the other."""
    wanted = YesNo(bool(rng.integers(2)))
    for _ in range(_TRIES):
        draft = CHAIN_KINDS[name](book, rng)
        worked = draft if isinstance(draft, str) else work_out(draft)
        if isinstance(worked, str):
            refusals[name, worked] += 1
        elif not isinstance(worked.value, YesNo) or worked.value == wanted:
            chain = chain_of(worked, rng, seed, style, think)
            if _topic(chain) not in chains:
                return chain
    return None


def _topic(chain: Chain) -> tuple[object, ...]:
    """Tell what a chain is about: two of one topic would say the same."""
    facts = frozenset((step.fact.kind, step.fact.subjects) for step in chain.steps if step.fact is not None)
    return chain.kind, facts
