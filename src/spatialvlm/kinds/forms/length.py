"""How long, how far, how high? A length."""

from collections.abc import Mapping, Sequence

from spatialvlm.answers import Answer, Length
from spatialvlm.kinds.kind import Form, Kind, Voice
from spatialvlm.records import Fact


class LengthOf(Form):
    """The quantity itself, in metres."""

    name = "length"
    title = "How much? (lengths)"
    family = "quantitative"
    is_number = True
    instruction = "Answer with a number and its unit."

    def sections(self, kind: Kind) -> Mapping[str, str]:
        """Slots: [N] the length; [U] the unit that the question names; [P] the plane that things stand on."""
        return {"question": f"{kind.letters}PU", "answer": f"{kind.letters}PN"}

    def section(self, kind: Kind, outcome: int) -> str:
        """Answer from the only section."""
        return "answer"

    def answer(self, kind: Kind, subjects: tuple[str, ...], number: float, outcome: int) -> Answer:
        """Make the length."""
        return Length(number)

    def say(self, kind: Kind, fact: Fact, names: Sequence[str], outcome: int, voice: Voice) -> Mapping[str, str]:
        """Fill [N] with the length, [U] with the unit that it is asked in."""
        assert isinstance(fact.answer, Length)
        unit = voice.unit
        return {"N": voice.length(fact.answer.metres, fact.error), "U": unit.plural if unit else ""}


LENGTH = LengthOf()
