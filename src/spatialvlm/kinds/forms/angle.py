"""At which angle? With two words, to which side."""

from collections.abc import Mapping, Sequence

from spatialvlm.answers import Angle, Answer
from spatialvlm.kinds.kind import Form, Kind, Voice
from spatialvlm.records import Fact


class AngleOf(Form):
    """The quantity itself, in radians. A kind with a `word` has it where positive, its `opposite` where negative."""

    name = "angle"
    title = "At which angle? (angles)"
    error_unit = "rad"
    family = "quantitative"
    is_number = True
    instruction = "Answer with a number of degrees."

    def sections(self, kind: Kind) -> Mapping[str, str]:
        """Slots: [N] the angle. A kind with words has a section for each."""
        answers = (kind.word, kind.opposite) if kind.word else ("answer",)
        return {"question": f"{kind.letters}P"} | dict.fromkeys(answers, f"{kind.letters}PN")

    def section(self, kind: Kind, outcome: int) -> str:
        """Answer from the section of the side."""
        if not kind.word:
            return "answer"
        return kind.word if outcome > 0 else kind.opposite

    def answer(self, kind: Kind, subjects: tuple[str, ...], number: float, outcome: int) -> Answer:
        """Make the angle."""
        return Angle(number)

    def say(self, kind: Kind, fact: Fact, names: Sequence[str], outcome: int, voice: Voice) -> Mapping[str, str]:
        """Fill [N] with the size of the angle."""
        assert isinstance(fact.answer, Angle)
        return {"N": voice.angle(fact.answer.radians, fact.error)}


ANGLE = AngleOf()
