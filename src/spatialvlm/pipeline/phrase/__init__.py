"""phrase: (Scene, Facts) -> QA. Words only: what is true was decided by `measure`.

Enters: a Scene, for the captions and boxes of its objects, and the Facts measured on it. Leaves: questions with
answers, each with the Fact that it says, and counts of what could not be asked: ("reference", reason) counts objects
without a name, (kind, "unnamed") facts about such objects, (kind, "given_away") facts that the names would answer.

    captions -> similarity -> references    how each object is called
    sampling                                which facts are asked
    templates, kinds.forms, quantities      how they are said

Randomness comes from (seed, frame id) alone: the same scene gets the same questions on any worker, in any order.
A template id reads "<kind>/q07/a03": the 7th question and 3rd answer of templates/<kind>.txt; where a kind has several
answer sections it names the section, as in "<kind>/q07/true03".
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache, cached_property, partial
from itertools import permutations
from typing import Any, Literal

import numpy as np
from jaxtyping import Int

from spatialvlm.answers import Length, in_words
from spatialvlm.errors import ContractError, UserError
from spatialvlm.kinds import KIND_NAMES, KINDS, MIXES, Mix, Voice, reordered
from spatialvlm.pipeline import Needs
from spatialvlm.pipeline.phrase import sampling
from spatialvlm.pipeline.phrase.references import Reference, refer
from spatialvlm.pipeline.phrase.similarity import Similarity, load_similarity
from spatialvlm.pipeline.phrase.templates import Sheet, load_sheet
from spatialvlm.quantities import ask_unit
from spatialvlm.records import QA, Fact, Facts, Sample, Scene

__all__ = ["PLANES", "Phrase", "PhraseConfig", "Prepared", "load_sheet", "object_names", "phrase"]

_DRAWS = 7  # question, short or not, answer, three of the number, unit or order of a list
_SURFACE = "the supporting surface"
PLANES = {"floor": "the floor", "table top": "the table top", "surface": _SURFACE, None: _SURFACE}


@dataclass(frozen=True, slots=True)
class PhraseConfig:
    """What is asked of an image.

    `quantitative_share` of the questions ask for lengths. With probability `concise_share` an answer is drawn among the
    short wordings (at most three words beside the names and numbers), else among all. At most about `similar_share` of
    the comparisons of a kind in an image come out as "about the same". `kinds` None means those of the `mix`: `paper`
    has the 43 kinds of the paper, `all` those beyond it too. `numbers`: as people say them, or `exact`, to two or three
    digits.
    """

    questions_per_image: int = 20
    quantitative_share: float = 0.5
    concise_share: float = 0.5
    similar_share: float = 0.1
    similarity: str = "lexical"
    kinds: tuple[str, ...] | None = None
    mix: Mix = "paper"
    numbers: Literal["people", "exact"] = "people"

    def __post_init__(self) -> None:
        if self.questions_per_image < 0:
            raise UserError(f"questions_per_image {self.questions_per_image}: expected 0 or more")
        for name in ("quantitative_share", "concise_share", "similar_share"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise UserError(f"{name} {getattr(self, name)}: expected a share from 0 to 1")
        load_similarity(self.similarity)  # raises UserError for an unknown one
        for name, known in (("mix", tuple(MIXES)), ("numbers", ("people", "exact"))):
            if getattr(self, name) not in known:
                raise UserError(f"{name} {getattr(self, name)!r}: expected one of {', '.join(known)}")
        unknown = [name for name in self.kinds or () if name not in KINDS]
        if unknown:
            close = get_close_matches(unknown[0], KIND_NAMES, 1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise UserError(f"kinds {', '.join(unknown)}: unknown; {hint}`spatialvlm questions` lists all")
        if self.kinds == ():
            raise UserError("kinds: none given; `spatialvlm questions` lists all, leave the option out to ask them all")

    @property
    def asked(self) -> tuple[str, ...]:
        """The kinds that are asked."""
        return MIXES[self.mix] if self.kinds is None else self.kinds


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What can be asked of one image, before chance: the same for every seed.

    `rows` are the askable ones of `facts`. `names` are those of objects by their ids; `clauses` holds the ids of those
    whose name has a clarifying clause, `plurals` the names that are plural. `plane` is what things stand on.
    """

    frame_id: str
    facts: Facts
    gravity: bool
    rows: Int[np.ndarray, " m"]
    names: Mapping[str, str]
    clauses: frozenset[str]
    plurals: frozenset[str]
    plane: str
    refusals: Mapping[tuple[str, str], int]


class Phrase:
    """The stage: Samples with a scene and its Facts to Samples with questions."""

    name = "phrase"
    needs: Needs = "cpu"

    def __init__(self, config: PhraseConfig | None = None, seed: int = 0) -> None:
        self.config, self.seed = config or PhraseConfig(), seed

    @cached_property
    def _similarity(self) -> Similarity:
        return load_similarity(self.config.similarity)

    @cached_property
    def _sheets(self) -> Mapping[str, Sheet]:
        return {name: load_sheet(name) for name in self.config.asked}

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the wordings: another process loads its own."""
        return {"config": self.config, "seed": self.seed}

    def __call__(self, samples: Sequence[Sample], /) -> list[Sample]:
        """Ask about every scene that was measured."""
        return [self._phrase(sample) for sample in samples]

    def _phrase(self, sample: Sample) -> Sample:
        if sample.scene is None or sample.facts is None:
            return sample
        page = self.prepare(sample.scene, sample.facts)
        refusals = Counter(sample.refusals)
        refusals.update(page.refusals)
        return replace(sample, questions=self.ask(page, self.seed), refusals=refusals)

    def prepare(self, scene: Scene, facts: Facts) -> Prepared:
        """Name the objects of an image and find what can be asked of them; for several seeds, once is enough."""
        named = refer(scene.objects, scene.camera.width, scene.camera.height, self._similarity)
        references = _in_order(facts.object_ids, named, scene.frame_id)
        rows, refusals = sampling.askable(facts, references, frozenset(self._sheets))
        refusals.update(("reference", reference.reason) for reference in named if reference.reason is not None)
        return Prepared(
            scene.frame_id,
            facts,
            scene.gravity is not None,
            rows,
            {reference.object_id: reference.phrase or "" for reference in references},
            frozenset(reference.object_id for reference in references if reference.clause is not None),
            frozenset(reference.phrase for reference in references if reference.phrase and reference.plural),
            PLANES[scene.support.surface],
            dict(sorted(refusals.items())),
        )

    def ask(self, page: Prepared, seed: int) -> tuple[QA, ...]:
        """Draw the questions about one image for a seed, and say them."""
        rng, facts, config = _generator(seed, page.frame_id), page.facts, self.config
        chosen = sampling.draw(
            facts,
            page.rows,
            rng,
            count=config.questions_per_image,
            quantitative_share=config.quantitative_share,
            similar_share=config.similar_share,
            gravity=page.gravity,
        )
        draws = rng.random((len(chosen), _DRAWS)).tolist()
        outcomes = facts.outcome[chosen].tolist()
        return tuple(map(partial(self._ask, page, seed), facts.at(chosen), outcomes, draws))

    def _ask(self, page: Prepared, seed: int, fact: Fact, outcome: int, draw: Sequence[float]) -> QA:
        """Say one fact; `draw` holds its random numbers in [0, 1)."""
        sheet = self._sheets[fact.kind]
        kind, form = sheet.kind, sheet.kind.form
        if kind.listed:
            fact = reordered(kind, fact, _shuffled(len(fact.subjects) - kind.subjects, draw[6]))
        names = tuple([page.names[subject] for subject in fact.subjects])
        question = sheet.question(draw[0])
        answer = sheet.answer(form.section(kind, outcome), draw[2], short=draw[1] < self.config.concise_share)
        unit = (
            ask_unit(fact.answer.metres, draw[6]) if question.names_unit and isinstance(fact.answer, Length) else None
        )
        values = dict(zip(kind.letters, names))
        values["P"] = page.plane
        values.update(form.say(kind, fact, names, outcome, Voice(draw[3:6], unit, self.config.numbers == "exact")))
        return QA(
            page.frame_id,
            fact.kind,
            kind.family,
            question.fill(values, page.plurals),
            answer.fill(values, page.plurals),
            fact,
            f"{fact.kind}/{question.mark}/{answer.mark}",
            "caption" if page.clauses.isdisjoint(fact.subjects) else "caption+clause",
            seed,
            names,
            in_words(fact.answer, dict(zip(fact.subjects, names))) if form.of_subjects else fact.answer,
            unit.name if unit else None,
        )


def object_names(scene: Scene, similarity: str = "lexical") -> dict[str, str]:
    """Name the objects of a scene as questions do, by id; those without a name are left out."""
    named = refer(scene.objects, scene.camera.width, scene.camera.height, load_similarity(similarity))
    return {reference.object_id: reference.phrase for reference in named if reference.phrase is not None}


def phrase(scene: Scene, facts: Facts, seed: int = 0, config: PhraseConfig | None = None) -> Sample:
    """Ask about one scene: a Sample with its questions, and with counts of what could not be asked."""
    return Phrase(config, seed)([Sample(scene=scene, facts=facts)])[0]


def _shuffled(count: int, draw: float) -> Sequence[int]:
    """Choose one of the orders of so many, by a draw in [0, 1)."""
    orders = _orders(count)
    return orders[int(draw * len(orders))]


@cache
def _orders(count: int) -> tuple[tuple[int, ...], ...]:
    return tuple(permutations(range(count)))


def _generator(seed: int, frame_id: str) -> np.random.Generator:
    """Make a stream of its own for every frame of a run."""
    digest = hashlib.sha256(frame_id.encode()).digest()[:8]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, int.from_bytes(digest, "big")])))


def _in_order(object_ids: Sequence[str], named: Sequence[Reference], frame_id: str) -> list[Reference]:
    """Return the references of the objects that the facts index, in that order."""
    by_id = {reference.object_id: reference for reference in named}
    missing = [i for i in object_ids if i not in by_id]
    if missing:
        raise ContractError(
            f"frame {frame_id!r}: facts about objects {missing}, expected ids of its scene {sorted(by_id)}; "
            "measure and phrase must be given the same scene"
        )
    return [by_id[i] for i in object_ids]
