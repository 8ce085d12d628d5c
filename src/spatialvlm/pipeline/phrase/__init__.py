"""phrase: (Scene, Facts) -> QA. Words only: what is true was decided by `measure`.

Enters: a Scene, for the captions and boxes of its objects, and the Facts measured on it. Leaves: questions with
answers, each with the Fact that it says, and counts of what could not be asked: ("reference", reason) counts objects
without a name, (kind, "unnamed") facts about such objects, (kind, "given_away") facts that the names would answer.

    captions -> similarity -> references    how each object is called
    sample                                  which facts are asked
    templates, quantities                   how they are said

Randomness comes from (seed, frame id) alone: the same scene gets the same questions on any worker, in any order.
A template id reads "<kind>/q07/a03": the 7th question and 3rd answer of templates/<kind>.txt; where a kind has several
answer sections it names the section, as in "<kind>/q07/true03".
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial

import numpy as np
from jaxtyping import Int

from spatialvlm.errors import ContractError, UserError
from spatialvlm.kinds import KIND_NAMES, KINDS, facts_at
from spatialvlm.pipeline.phrase import sample
from spatialvlm.pipeline.phrase.references import Reference, refer
from spatialvlm.pipeline.phrase.similarity import load_similarity
from spatialvlm.pipeline.phrase.templates import load_sheet
from spatialvlm.quantities import ask_unit, speak
from spatialvlm.records import QA, Fact, Facts, Scene

_DRAWS = 7  # question, short or not, answer, three of the number, unit
_SURFACE = "the supporting surface"
PLANES = {"floor": "the floor", "table top": "the table top", "surface": _SURFACE, None: _SURFACE}


@dataclass(frozen=True, slots=True)
class PhraseConfig:
    """What is asked of an image.

    `quantitative_share` of the questions ask for lengths. With probability `concise_share` an answer is drawn among the
    short wordings (at most three words beside the names and numbers), else among all. At most about `similar_share` of
    the comparisons of a kind in an image come out as "about the same". `kinds` None means all of them.
    """

    questions_per_image: int = 20
    quantitative_share: float = 0.5
    concise_share: float = 0.5
    similar_share: float = 0.1
    similarity: str = "lexical"
    kinds: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.questions_per_image < 0:
            raise UserError(f"questions_per_image {self.questions_per_image}: expected 0 or more")
        for name in ("quantitative_share", "concise_share", "similar_share"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise UserError(f"{name} {getattr(self, name)}: expected a share from 0 to 1")
        unknown = [name for name in self.kinds or () if name not in KINDS]
        if unknown:
            close = get_close_matches(unknown[0], KIND_NAMES, 1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise UserError(f"kinds {', '.join(unknown)}: unknown; {hint}`spatialvlm questions` lists all")
        if self.kinds == ():
            raise UserError("kinds: none given; `spatialvlm questions` lists all, leave the option out to ask them all")


@dataclass(frozen=True, slots=True)
class Phrased:
    """The questions about one image, and how much of what could not be asked for which reason."""

    questions: tuple[QA, ...]
    refusals: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What can be asked of one image, before chance: the same for every seed.

    `rows` are the askable ones of `facts`. `names` are those of `facts.object_ids` and, for b = -1, an empty one;
    `clauses` says of each name whether it has a clarifying clause. `plane` is what things stand on.
    """

    frame_id: str
    facts: Facts
    gravity: bool
    rows: Int[np.ndarray, " m"]
    names: tuple[str, ...]
    clauses: tuple[bool, ...]
    plane: str
    refusals: Mapping[tuple[str, str], int]


class Phrase:
    """Scenes with their Facts to questions; built once per process."""

    def __init__(self, config: PhraseConfig | None = None):
        self._config = config or PhraseConfig()
        self._similarity = load_similarity(self._config.similarity)
        wanted = KIND_NAMES if self._config.kinds is None else self._config.kinds
        self._sheets = {name: load_sheet(name) for name in wanted}

    def __call__(self, scene: Scene, facts: Facts, seed: int) -> Phrased:
        """The questions about one image."""
        return self.ask(self.prepare(scene, facts), seed)

    def prepare(self, scene: Scene, facts: Facts) -> Prepared:
        """Name the objects of an image and find what can be asked of them; for several seeds, once is enough."""
        named = refer(scene.objects, scene.camera.width, scene.camera.height, self._similarity)
        references = _in_order(facts.object_ids, named, scene.frame_id)
        rows, refusals = sample.askable(facts, references, frozenset(self._sheets))
        refusals.update(("reference", reference.reason) for reference in named if reference.reason is not None)
        return Prepared(
            scene.frame_id,
            facts,
            scene.gravity is not None,
            rows,
            (*(reference.phrase or "" for reference in references), ""),
            (*(reference.clause is not None for reference in references), False),
            PLANES[scene.support.surface],
            dict(sorted(refusals.items())),
        )

    def ask(self, page: Prepared, seed: int) -> Phrased:
        """The questions about one image for a seed."""
        rng, facts, config = _generator(seed, page.frame_id), page.facts, self._config
        chosen = sample.draw(
            facts,
            page.rows,
            rng,
            count=config.questions_per_image,
            quantitative_share=config.quantitative_share,
            similar_share=config.similar_share,
            gravity=page.gravity,
        )
        draws = rng.random((len(chosen), _DRAWS)).tolist()
        columns = (column[chosen].tolist() for column in (facts.a, facts.b, facts.outcome))
        questions = map(partial(self._ask, page, seed), facts_at(facts, chosen), *columns, draws)
        return Phrased(tuple(questions), page.refusals)

    def _ask(self, page: Prepared, seed: int, fact: Fact, a: int, b: int, outcome: int, draw: Sequence[float]) -> QA:
        """Say one fact about the names at `a` and `b`; `draw` holds its random numbers in [0, 1)."""
        names = page.names
        sheet = self._sheets[fact.kind]
        that, rest = (a, b) if outcome > 0 else (b, a)
        values = {"A": names[a], "B": names[b], "X": names[that], "Y": names[rest], "P": page.plane}
        question = sheet.question(draw[0])
        answer = sheet.answer(sheet.sections[outcome], draw[2], short=draw[1] < self._config.concise_share)
        if isinstance(fact.value, float):
            unit = ask_unit(fact.value, draw[6]) if question.names_unit else None
            values["N"] = speak(fact.value, fact.error, draw[3:6], unit).text
            values["U"] = unit.plural if unit else ""
        return QA(
            page.frame_id,
            fact.kind,
            sheet.family,
            question.fill(values),
            answer.fill(values),
            fact,
            f"{fact.kind}/{question.mark}/{answer.mark}",
            "caption+clause" if page.clauses[a] or page.clauses[b] else "caption",
            seed,
        )


def _generator(seed: int, frame_id: str) -> np.random.Generator:
    """Its own stream for every frame of a run."""
    digest = hashlib.sha256(frame_id.encode()).digest()[:8]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, int.from_bytes(digest, "big")])))


def _in_order(object_ids: Sequence[str], named: Sequence[Reference], frame_id: str) -> list[Reference]:
    """The references of the objects that the facts index, in that order."""
    by_id = {reference.object_id: reference for reference in named}
    missing = [i for i in object_ids if i not in by_id]
    if missing:
        raise ContractError(
            f"frame {frame_id!r}: facts about objects {missing}, expected ids of its scene {sorted(by_id)}; "
            "measure and phrase must be given the same scene"
        )
    return [by_id[i] for i in object_ids]
