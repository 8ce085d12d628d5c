"""phrase: (Scene, Facts) -> QA. Words only: what is true was decided by `measure`.

Enters: a Scene, for the captions and boxes of its objects, and the Facts measured on it. Leaves: questions with
answers, each with the Fact that it says, and counts of what could not be asked: ("reference", reason) counts objects
without a name, (kind, "unnamed") facts about such objects, (kind, "given_away") facts that the names would answer.

    captions -> similarity -> references    how each object is called
    pointers                                how each is called without a caption: by marks, boxes, points
    what_names_tell -> sampling             which facts are asked
    templates, kinds.forms, quantities      how they are said
    distractors -> ways                     the same asked with options, as yes or no, as JSON

Randomness comes from (seed, frame id) alone: the same scene gets the same questions on any worker, in any order.
A template id reads "<kind>/q07/a03": the 7th question and 3rd answer of templates/<kind>.txt; where a kind has several
answer sections it names the section, as in "<kind>/q07/true03". What is not asked openly names the way, as in
"<kind>/q07/choice02".
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from itertools import permutations
from typing import Any

import numpy as np
from jaxtyping import Float64, Int

from spatialvlm.answers import BoundingBox, Length, in_words
from spatialvlm.captions import classes_of
from spatialvlm.errors import ContractError
from spatialvlm.kinds import KINDS, Voice, reordered
from spatialvlm.pipeline import Needs
from spatialvlm.pipeline.phrase import sampling
from spatialvlm.pipeline.phrase.distractors import spoken
from spatialvlm.pipeline.phrase.phrase_config import PhraseConfig
from spatialvlm.pipeline.phrase.pointers import (
    PLACES,
    Naming,
    Referring,
    draw_naming,
    point_names,
    pointers,
)
from spatialvlm.pipeline.phrase.references import Reference, refer
from spatialvlm.pipeline.phrase.similarity import Similarity, load_similarity
from spatialvlm.pipeline.phrase.templates import Sheet, load_sheet
from spatialvlm.pipeline.phrase.ways import ask_in_a_way
from spatialvlm.pipeline.phrase.what_names_tell import odds_of
from spatialvlm.quantities import ImageScale, ask_unit
from spatialvlm.records import QA, Fact, Facts, Sample, Scene

__all__ = [
    "PLANES",
    "Phrase",
    "PhraseConfig",
    "Prepared",
    "Reference",
    "load_sheet",
    "object_names",
    "phrase",
    "point_names",
    "references_of",
    "spoken",
]

_DRAWS = 7  # question, short or not, answer, three of the number, unit or order of a list
UNTOLD_M = 0.5  # what cannot be told is asked for in the unit that would suit this
_OTHERWISE = 1  # the stream of what is drawn beyond open questions about captions
_SURFACE = "the supporting surface"
PLANES = {"floor": "the floor", "table top": "the table top", "surface": _SURFACE, None: _SURFACE}


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What can be asked of one image, before chance: the same for every seed.

    `rows` are the askable ones of `facts`. `namings` are the names of the objects: for each way of referring its
    wordings; `points` those of the points on them. `clauses` holds the ids of those whose caption has a clarifying
    clause, `plurals` the captions that are plural. `plane` is what things stand on, `under` has the ids of those that
    stand on an object with its id. `classes` are the words for those of the objects, by the id of the first one of
    each. Places in the image are said by its `scale`. `odds` are those of each fact to be asked, where
    questions are balanced by what names tell.
    """

    frame_id: str
    facts: Facts
    gravity: bool
    rows: Int[np.ndarray, " m"]
    namings: Mapping[Referring, tuple[Naming, ...]]
    points: Naming
    clauses: frozenset[str]
    plurals: frozenset[str]
    plane: str
    under: Mapping[str, str]
    classes: Mapping[str, Mapping[str, str]]
    scale: ImageScale
    refusals: Mapping[tuple[str, str], int]
    odds: Float64[np.ndarray, " f"] | None


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
        named = self._named(scene)
        references = _in_order(facts.object_ids, named, scene.frame_id)
        placed = PLACES.issuperset(self.config.refer)
        rows, refusals = sampling.askable(facts, references, frozenset(self._sheets), placed=placed)
        refusals.update(("reference", reference.reason) for reference in named if reference.reason is not None)
        return Prepared(
            scene.frame_id,
            facts,
            scene.gravity is not None,
            rows,
            self._namings(scene, references),
            self._points(scene),
            frozenset(reference.object_id for reference in references if reference.clause is not None),
            frozenset(reference.phrase for reference in references if reference.phrase and reference.plural),
            PLANES[scene.support.surface],
            {thing: surface.of for surface in scene.surfaces or () if surface.of for thing in surface.things},
            self._classes(scene),
            ImageScale(self.config.coordinates, scene.camera.width, scene.camera.height),
            dict(sorted(refusals.items())),
            odds_of(facts, rows, references) if self.config.balances else None,
        )

    def _named(self, scene: Scene) -> tuple[Reference, ...]:
        """Name the objects by their captions; where no question does that, none needs one."""
        if "caption" in self.config.refer:
            return refer(scene, self._similarity)
        return tuple(Reference(o.instance.id, "") for o in scene.objects)

    def _classes(self, scene: Scene) -> dict[str, Mapping[str, str]]:
        """Find the words for the classes of the objects, where some question says them."""
        if all(sheet.kind.form.names_subjects for sheet in self._sheets.values()):
            return {}
        ids = [o.instance.id for o in scene.objects]
        return {ids[one.members[0]]: {"K": one.plural, "S": one.noun} for one in classes_of(scene)}

    def _namings(self, scene: Scene, references: Sequence[Reference]) -> dict[Referring, tuple[Naming, ...]]:
        captions = {one.object_id: one.phrase for one in references if one.phrase is not None}
        sorts: set[Referring] = {*self.config.refer, *(("box",) if "point" in self.config.refer else ())}
        return {
            sort: (Naming("caption", captions),)
            if sort == "caption"
            else pointers(scene, sort, self.config.coordinates)
            for sort in sorts
        }

    def _points(self, scene: Scene) -> Naming:
        if any(KINDS[name].pointed for name in self.config.asked):
            return point_names(scene, self.config.coordinates)
        return Naming("point", {})

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
            odds=page.odds,
        )
        draws = rng.random((len(chosen), _DRAWS)).tolist()
        outcomes, found = facts.outcome[chosen].tolist(), facts.at(chosen)
        if config.asks_plainly:
            captions = page.namings["caption"][0]
            called = [page.points if KINDS[fact.kind].pointed else captions for fact in found]
            return tuple(map(partial(self._ask, page, seed), called, found, outcomes, draws))
        other = _generator(seed, page.frame_id, _OTHERWISE)
        called = [self._called(page, fact, other) for fact in found]
        asked = map(partial(self._ask, page, seed), called, found, outcomes, draws)
        return tuple([ask_in_a_way(qa, config.ways, other, exact=config.exact) for qa in asked])

    def _called(self, page: Prepared, fact: Fact, rng: np.random.Generator) -> Naming:
        """Draw how a fact calls its objects: by no place in the image where the answer is one, points by theirs."""
        if KINDS[fact.kind].pointed:
            return page.points
        form = KINDS[fact.kind].form
        sorts: list[Referring] = [one for one in self.config.refer if not (form.in_image and one in PLACES)]
        return draw_naming(page.namings, sorts, fact.subjects if form.names_subjects else (), rng)

    def _ask(self, page: Prepared, seed: int, naming: Naming, fact: Fact, outcome: int, draw: Sequence[float]) -> QA:
        """Say one fact; `draw` holds its random numbers in [0, 1)."""
        sheet = self._sheets[fact.kind]
        kind, form = sheet.kind, sheet.kind.form
        if kind.listed:
            fact = reordered(kind, fact, _shuffled(len(fact.subjects) - kind.subjects, draw[6]))
        named = fact.subjects if form.names_subjects else ()
        names = tuple([naming.names[subject] for subject in named])
        clause = naming.reference == "caption" and not page.clauses.isdisjoint(named)
        question = sheet.question(draw[0])
        answer = sheet.answer(form.section(kind, outcome), draw[2], short=draw[1] < self.config.concise_share)
        values, unit = dict(zip(kind.letters, names)) | {"P": page.plane}, None
        if not form.names_subjects:
            values |= page.classes[fact.subjects[0]]
        if kind.on_own and fact.subjects[0] in page.under:
            values["P"] = naming.names.get(page.under[fact.subjects[0]], _SURFACE)
        if form.says_more:
            if question.names_unit:
                unit = ask_unit(fact.answer.metres if isinstance(fact.answer, Length) else UNTOLD_M, draw[6])
            voice = Voice(draw[3:6], unit or self.config.unit, self.config.exact, page.scale)
            values |= form.say(kind, fact, names, outcome, voice)
        counts_in = page.scale.name if isinstance(fact.answer, BoundingBox) else unit.name if unit else None
        return QA(
            page.frame_id,
            fact.kind,
            form.family,
            question.fill(values, page.plurals) + naming.note,
            answer.fill(values, page.plurals),
            fact,
            f"{fact.kind}/{question.mark}/{answer.mark}",
            "caption+clause" if clause else naming.reference if form.names_subjects else "class",
            seed,
            names,
            in_words(fact.answer, dict(zip(fact.subjects, names))) if form.of_subjects else fact.answer,
            counts_in,
        )


def object_names(scene: Scene, similarity: str = "lexical") -> dict[str, str]:
    """Name the objects of a scene as questions do, by id; those without a name are left out."""
    named = references_of(scene, similarity)
    return {reference.object_id: reference.phrase for reference in named if reference.phrase is not None}


def references_of(scene: Scene, similarity: str = "lexical") -> tuple[Reference, ...]:
    """Name the objects of a scene as questions do, in their order: each with what its name gives away."""
    return refer(scene, load_similarity(similarity))


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


def _generator(seed: int, frame_id: str, *branch: int) -> np.random.Generator:
    """Make a stream of its own for every frame of a run, and for every branch of it."""
    digest = hashlib.sha256(frame_id.encode()).digest()[:8]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, int.from_bytes(digest, "big"), *branch])))


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
