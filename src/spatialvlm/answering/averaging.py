"""Several answers to one question -> one: numbers are averaged as in the paper, anything else is voted on."""

import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spatialvlm.answers import Angle, Answer, Area, Count, Length

_NUMBERS: dict[type, tuple[Callable[..., float], Callable[[float], Answer]]] = {
    Length: (lambda answer: answer.metres, Length),
    Angle: (lambda answer: answer.radians, Angle),
    Area: (lambda answer: answer.square_metres, Area),
    Count: (lambda answer: float(answer.number), lambda mean: Count(round(mean))),
}


@dataclass(frozen=True, slots=True)
class Combined:
    """What several answers come to.

    `value` is their mean or the one given most often, None where none was read; `place` is that of an answer that says
    so, or the nearest to it. Of numbers, in SI units: `mean`, and `spread`, their standard deviation (of two or more).
    Else `share`: of all answers, how many agree.
    """

    value: Answer | None
    place: int
    read: int
    mean: float | None = None
    spread: float | None = None
    share: float | None = None


def combine(values: Sequence[Answer | None], texts: Sequence[str]) -> Combined:
    """Combine what was read of some answers, one at least; where nothing was, their texts are voted on.

    Of several forms the one read most often counts: of twelve lengths and a refusal, the lengths.
    """
    read = [(place, value) for place, value in enumerate(values) if value is not None]
    if not read:
        folded = [text.strip().rstrip(".").casefold() for text in texts]
        chosen, votes = Counter(folded).most_common(1)[0]
        return Combined(None, folded.index(chosen), 0, share=votes / len(texts))
    form = Counter(type(value) for _, value in read).most_common(1)[0][0]
    own = [(place, value) for place, value in read if type(value) is form]
    if form not in _NUMBERS:
        chosen, votes = Counter(value for _, value in own).most_common(1)[0]
        place = next(place for place, value in own if value == chosen)
        return Combined(chosen, place, len(read), share=votes / len(texts))
    number_of, answer_of = _NUMBERS[form]
    numbers = [number_of(value) for _, value in own]
    mean = statistics.fmean(numbers)
    spread = statistics.stdev(numbers) if len(numbers) > 1 else None
    nearest = min(range(len(own)), key=lambda one: abs(numbers[one] - mean))
    return Combined(answer_of(mean), own[nearest][0], len(own), mean=mean, spread=spread)
