"""replay: a chain and a scene in, the answer that the scene alone comes to out.

Only the kinds and subjects of the facts, the combinations and the rule of the conclusion are taken from the chain.
"""

from dataclasses import replace

from spatialvlm.answers import Answer, CannotTell
from spatialvlm.chains.chain_records import Chain
from spatialvlm.chains.conclusions import SIGMAS, conclude, sigmas
from spatialvlm.chains.uncertain_numbers import Working
from spatialvlm.errors import UserError
from spatialvlm.pipeline.measure import measure
from spatialvlm.records import Fact, Facts, Scene

SYMMETRIC = frozenset(("distance", "gap", "horizontal_distance", "vertical_distance"))
"""Kinds of lengths between two objects in no order."""


def replay(chain: Chain, scene: Scene) -> Answer:
    """Compute a chain anew from a scene. CannotTell where a fact is refused there, or the error bars decide nothing.

    Raises UserError where the scene lacks an object of the chain.
    """
    told = [step.fact for step in chain.steps if step.fact is not None]
    wanted = {subject for fact in told for subject in fact.subjects}
    objects = tuple(o for o in scene.objects if o.instance.id in wanted)
    missing = wanted - {o.instance.id for o in objects}
    if missing:
        raise UserError(
            f"chain about frame {chain.frame_id!r}: scene {scene.frame_id!r} has no objects {sorted(missing)}; "
            "expected the scene that it was made of"
        )
    if any(o.bottom != "support" for o in objects if o.instance.id in chain.standing):
        return CannotTell("bottom_hidden")
    facts = measure(replace(scene, objects=objects), kinds=sorted({fact.kind for fact in told}))
    found = facts_by_key(facts)
    working = Working(scene.errors.scale)
    for step in chain.steps:
        if step.fact is not None:
            fact = found.get(key(step.fact.kind, step.fact.subjects))
            if fact is None:
                reasons = [reason for kind, reason in facts.refusals if kind == step.fact.kind]
                return CannotTell(reasons[0] if reasons else "too_close_to_call")
            working.measured(fact)
        elif step.combine is not None:
            working.combined(step.combine)
    answer = conclude(chain.conclusion, [one.value for one in working.steps])
    if answer is None or sigmas(chain.conclusion, working) < SIGMAS:
        return CannotTell("too_close_to_call")
    return answer


Key = tuple[str, tuple[str, ...]]


def key(kind: str, subjects: tuple[str, ...]) -> Key:
    """Name a fact by its kind and its subjects, in an order of their own where theirs says nothing."""
    return kind, tuple(sorted(subjects)) if kind in SYMMETRIC else subjects


def facts_by_key(facts: Facts) -> dict[Key, Fact]:
    """Sort facts by what they are about."""
    return {key(fact.kind, fact.subjects): fact for fact in facts}
