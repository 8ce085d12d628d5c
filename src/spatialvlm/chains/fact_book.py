"""The lengths of a scene that chains are made of, by what they are about, with the names of the objects."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from spatialvlm.chains.replaying import Key, facts_by_key, key
from spatialvlm.chains.uncertain_numbers import length_of
from spatialvlm.pipeline.measure import measure
from spatialvlm.pipeline.phrase import PLANES, references_of
from spatialvlm.records import Fact, Scene

LENGTHS = ("distance", "gap", "height", "width", "elevation", "horizontal_distance", "left_difference")
SEEN_SHARE = 0.08
"""Two lengths that differ by less than this share of the larger are not compared: nobody sees it."""
_CLAUSE = re.compile(r" (?:on|in|at|by|of|with|under|above|behind|beside|near|from|to|between) ")


@dataclass(frozen=True, slots=True)
class Thing:
    """An object with a name: what the name gives away (see `Reference`), and whether it stands on the support plane."""

    id: str
    name: str
    says: tuple[tuple[str, int], ...]
    standing: bool


class FactBook:
    """All lengths between the named objects of a scene."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.scale = scene.errors.scale
        self.on_floor = scene.support.surface == "floor"
        self.plane = PLANES[scene.support.surface]
        standing = {o.instance.id for o in scene.objects if o.bottom == "support"}
        self.things = {
            one.object_id: Thing(one.object_id, one.phrase, one.says, one.object_id in standing)
            for one in sorted(references_of(scene), key=lambda one: one.object_id)
            if one.phrase is not None
        }
        named = {
            about: replace(fact, subjects=about[1])  # in an order that does not depend on that of the objects
            for about, fact in facts_by_key(measure(scene, kinds=LENGTHS)).items()
            if all(subject in self.things for subject in fact.subjects)
        }
        self._facts: dict[Key, Fact] = dict(sorted(named.items()))
        self._by_kind = {kind: [fact for about, fact in self._facts.items() if about[0] == kind] for kind in LENGTHS}

    def every(self, kind: str) -> list[Fact]:
        """List the facts of a kind, in an order that does not depend on that of the objects."""
        return self._by_kind[kind]

    def fact(self, kind: str, *ids: str) -> Fact | None:
        """Find the fact of a kind about some objects."""
        return self._facts.get(key(kind, ids))

    def length(self, kind: str, *ids: str) -> float | None:
        """Find a length in metres."""
        fact = self.fact(kind, *ids)
        return None if fact is None else length_of(fact)

    def some(self, rng: np.random.Generator, count: int, *, standing: bool = False) -> list[str] | None:
        """Draw different objects, in random order; None where there are not as many."""
        ids = [thing.id for thing in self.things.values() if thing.standing or not standing]
        return None if len(ids) < count else [ids[place] for place in rng.permutation(len(ids))[:count]]

    def name(self, id_: str) -> str:
        """Return the name of an object."""
        return self.things[id_].name

    def given_away(self, ids: Sequence[str], *quantities: str) -> bool:
        """Tell whether the names of some objects say opposite things about one of the quantities."""
        said = [pair for id_ in ids for pair in self.things[id_].says]
        return any({(quantity, 1), (quantity, -1)} <= set(said) for quantity in quantities)

    def mentioned(self, ids: Sequence[str]) -> bool:
        """Tell whether the name of one of them speaks of another: "the book on the desk" beside "the desk"."""
        names = [self.name(id_) for id_ in ids]
        clauses = [set(_CLAUSE.split(name, maxsplit=1)[-1].split()) if _CLAUSE.search(name) else () for name in names]
        return any(head_of(names[i]) in clauses[j] for i in range(len(ids)) for j in range(len(ids)) if i != j)


def head_of(name: str) -> str:
    """Return the noun that a name is about: "book" of "the red book on the desk"."""
    return _CLAUSE.split(name, maxsplit=1)[0].split()[-1]


def seen_apart(one: float, other: float) -> bool:
    """Tell whether people see which of two lengths is greater."""
    return abs(one - other) >= SEEN_SHARE * max(one, other)


def pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    """Draw one of some options."""
    return options[int(rng.integers(len(options)))]
