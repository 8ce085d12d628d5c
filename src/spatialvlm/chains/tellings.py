"""From a draft that was worked out to a Chain: every step in words, the answer alone, and the text in a style."""

import numpy as np

from spatialvlm.answers import Choice, Count, Order, YesNo
from spatialvlm.chains.chain_records import Chain, Step, Style
from spatialvlm.chains.conclusions import margins, sigmas_of
from spatialvlm.chains.drafts import Worked
from spatialvlm.chains.fact_book import pick
from spatialvlm.chains.fact_words import WORDS, fill, plain, sentence
from spatialvlm.chains.styles import Script, Telling, equation, tell
from spatialvlm.pipeline.phrase import load_sheet


def chain_of(worked: Worked, rng: np.random.Generator, seed: int, style: Style, think: bool) -> Chain:
    """Say a draft."""
    draft, working = worked.draft, worked.working
    answer = _answer(worked)
    numbers = {f"n{place}": worked.numbers.say(one) for place, one in enumerate(worked.said, 1)}
    slots = draft.slots | numbers | {"N": answer}
    tellings = [_telling(worked, place, slots, rng) for place in range(len(draft.steps))]
    tight = min(margins(draft.conclusion, working.steps), key=lambda one: sigmas_of(one, working), default=None)
    rests_on = worked.last if tight is None else tight
    error = working.error(rests_on)
    script = Script(
        steps=tellings,
        conclusion=draft.conclusion,
        said=[one.metres for one in worked.said],
        plan=sentence(fill(pick(rng, draft.plans), slots)),
        ending=sentence(fill(pick(rng, draft.endings), slots)),
        answer=answer,
        sigmas=sigmas_of(rests_on, working),
        error=f"{error:.1g}" if isinstance(worked.value, Count) else worked.numbers.say_error(error),
    )
    steps = tuple(
        Step(one.asks, one.says, number.value, working.error(number), said.metres, planned.fact, planned.combine)
        for one, number, said, planned in zip(tellings, working.steps, worked.said, draft.steps)
    )
    question = fill(pick(rng, draft.questions), slots)
    subjects = {id_ for planned in draft.steps if planned.fact is not None for id_ in planned.fact.subjects}
    return Chain(
        frame_id=draft.book.scene.frame_id,
        kind=draft.kind,
        question=question[:1].upper() + question[1:],
        steps=steps,
        conclusion=draft.conclusion,
        answer=answer,
        value=worked.value,
        text=tell(script, rng, style, think),
        style=style,
        think=think,
        seed=seed,
        names={id_: draft.book.name(id_) for id_ in sorted(subjects)},
        standing=draft.standing,
    )


def _answer(worked: Worked) -> str:
    """Say the answer alone."""
    match worked.value:
        case YesNo(yes):
            return "yes" if yes else "no"
        case Choice() as choice:
            return choice.chosen
        case Order(items):
            return ", ".join(items)
        case Count(number):
            return str(number)
        case _:
            return worked.numbers.say(worked.amount)


def _telling(worked: Worked, place: int, slots: dict[str, str], rng: np.random.Generator) -> Telling:
    """Say one step in all the ways that some style may want."""
    planned, said = worked.draft.steps[place], worked.said[place]
    error = worked.working.error(worked.working.steps[place])
    combine = planned.combine
    if combine is not None and combine.op == "ratio":
        text, give_or_take = plain(said.metres), f"{error:.1g}"
    else:
        text, give_or_take = worked.numbers.say(said), worked.numbers.say_error(error)
    if planned.fact is not None:
        own = planned.slots | {"N": text}
        asks = load_sheet(planned.fact.kind).question(rng.random())
        return Telling(
            planned.label,
            asks.fill({**planned.slots, "U": worked.numbers.unit.plural}),
            sentence(fill(pick(rng, planned.says), own)),
            fill(WORDS[planned.fact.kind].answer, own),
            text,
            give_or_take,
        )
    assert combine is not None
    right = equation(combine, [worked.numbers.say(worked.said[step - 1]) for step in combine.of])
    both = text if combine.op == "given" else f"{right} = {text}"
    says = sentence(fill(pick(rng, planned.says), slots | {"N": text, "E": both}))
    label = fill(planned.label, slots)
    return Telling(label, f"How much is {label}?", says, f"{both}.", text, give_or_take, combine)
