"""What is asked of an image, and how: the settings of `phrase`, checked where they are made."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from spatialvlm.errors import UserError
from spatialvlm.kinds import KIND_NAMES, KINDS, MIXES, Mix
from spatialvlm.pipeline.phrase.pointers import REFERRING, Referring
from spatialvlm.pipeline.phrase.similarity import load_similarity
from spatialvlm.pipeline.phrase.ways import WAYS, Way
from spatialvlm.quantities import COORDINATES, METER, NUMBER_STYLES, Coordinates, NumberStyle, Unit


@dataclass(frozen=True, slots=True)
class PhraseConfig:
    """What is asked of an image.

    `quantitative_share` of the questions ask for lengths. With probability `concise_share` an answer is drawn among the
    short wordings (at most three words beside the names and numbers), else among all. At most about `similar_share` of
    the comparisons of a kind in an image come out as "about the same". `kinds` None means those of the `mix`: `paper`
    has the 43 kinds of the paper, `all` those beyond it too, `photo` all that suit a photo. `numbers`: as people say
    them; `exact`, to two or three digits; or `meters`, the same in meters unless the question names a unit, so that the
    first digit is the coarsest: who says the likeliest digit after the other needs that.

    `ways`: how a question is asked, each of those that suit its answer equally likely. `refer`: how it calls objects,
    each equally likely; marks are for pictures that show them. `coordinates` are those of boxes and points in names,
    and of boxes in answers. Without "caption" objects need no caption to be asked about.

    `balance` by `names`: facts that the names of their objects predict are left out so often that names tell nothing of
    what remains; or `none`. What is called by no caption, or by words that are not in the table, is asked as it is.
    """

    questions_per_image: int = 20
    quantitative_share: float = 0.5
    concise_share: float = 0.5
    similar_share: float = 0.1
    similarity: str = "lexical"
    kinds: tuple[str, ...] | None = None
    mix: Mix = "paper"
    numbers: NumberStyle = "people"
    ways: tuple[Way, ...] = ("open",)
    refer: tuple[Referring, ...] = ("caption",)
    coordinates: Coordinates = "0-1000"
    balance: Literal["names", "none"] = "names"

    def __post_init__(self) -> None:
        if self.questions_per_image < 0:
            raise UserError(f"questions_per_image {self.questions_per_image}: expected 0 or more")
        for name in ("quantitative_share", "concise_share", "similar_share"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise UserError(f"{name} {getattr(self, name)}: expected a share from 0 to 1")
        load_similarity(self.similarity)  # raises UserError for an unknown one
        one_of = {"mix": tuple(MIXES), "numbers": NUMBER_STYLES, "coordinates": COORDINATES}
        one_of["balance"] = ("names", "none")
        for name, known in one_of.items():
            if getattr(self, name) not in known:
                raise UserError(f"{name} {getattr(self, name)!r}: expected one of {', '.join(known)}")
        for name, known in (("ways", WAYS), ("refer", REFERRING)):
            given = getattr(self, name)
            if not given or not set(given) <= set(known):
                got = ", ".join(one for one in given if one not in known) or "none"
                raise UserError(f"{name} {got}: expected one or more of {', '.join(known)}")
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

    @property
    def exact(self) -> bool:
        """Numbers have the digits that their error asks for, not those that people say."""
        return self.numbers != "people"

    @property
    def unit(self) -> Unit | None:
        """The unit of lengths where the question names none; None for one that suits the length."""
        return METER if self.numbers == "meters" else None

    @property
    def asks_plainly(self) -> bool:
        """All questions are asked openly, and call objects by their captions."""
        return {*self.ways} == {"open"} and {*self.refer} == {"caption"}

    @property
    def balances(self) -> bool:
        """What names tell is left out: without captions there are no names that tell anything."""
        return self.balance == "names" and "caption" in self.refer
