"""How long, if the image tells? A length, or the reason why nobody can tell."""

from collections.abc import Mapping, Sequence

from spatialvlm.answers import Answer, CannotTell, Length
from spatialvlm.kinds.kind import Form, Kind, Voice
from spatialvlm.records import Fact


class LengthIfTold(Form):
    """The quantity in metres where `outcome` is 0, else one of the kind's `words`, the reasons, counted from 1."""

    name = "length_if_told"
    title = "How much, if it can be told? (doubts)"
    family = "quantitative"
    is_number = True
    instruction = "Answer with a number and its unit, or say that it can't be told."

    def sections(self, kind: Kind) -> Mapping[str, str]:
        """Add a section for each reason to those of a length."""
        slots = f"{kind.letters}P"
        return {"question": f"{slots}U", "answer": f"{slots}N"} | dict.fromkeys(kind.words, slots)

    def section(self, kind: Kind, outcome: int) -> str:
        """Answer with the length, or with the reason."""
        return kind.words[outcome - 1] if outcome else "answer"

    def answer(self, kind: Kind, subjects: tuple[str, ...], number: float, outcome: int) -> Answer:
        """Make the length, or say why there is none."""
        return CannotTell(kind.words[outcome - 1]) if outcome else Length(number)

    def labels(self, kind: Kind) -> Mapping[str, str]:
        """Count the reasons."""
        return {reason: reason.replace("_", " ") for reason in kind.words}

    def say(self, kind: Kind, fact: Fact, names: Sequence[str], outcome: int, voice: Voice) -> Mapping[str, str]:
        """Fill [N] with the length, [U] with the unit that it is asked in."""
        said = voice.length(fact.answer.metres, fact.error) if isinstance(fact.answer, Length) else ""
        return {"N": said, "U": voice.unit.plural if voice.unit else ""}


LENGTH_IF_TOLD = LengthIfTold()
