"""Scenes about which nothing is asked: what was refused of one enters, the commonest reason leaves, in a sentence."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from spatialvlm.dataset.asking import asking_of
from spatialvlm.dataset.read import Dataset
from spatialvlm.errors import DatasetError
from spatialvlm.pipeline import run_stages
from spatialvlm.pipeline.measure import REASONS
from spatialvlm.pipeline.tail import tail
from spatialvlm.records import Sample, Scene

_SENTENCES = MappingProxyType(
    {
        **REASONS,
        "reference_missing": "objects have no caption: give captions, or refer by mark, box or point",
        "reference_long": "captions are longer than anyone would say: shorten them, or refer by mark, box or point",
        "reference_background": "captions name what is no object, such as sky, floor or wall",
        "reference_group": "three or more objects go by names too alike: tell them apart, or refer by mark or box",
        "reference_alike": "two objects go by names too alike: tell them apart, or refer by mark, box or point",
        "given_away": "the names would answer the question",
        "no_object": "nothing in it was found and lifted",
        "nothing_fits": "no kind of question that is asked fits what is in it",
    }
)


def reason_for_silence(sample: Sample) -> str:
    """Give the word for why nothing is asked about a scene: what was refused most often."""
    if sample.scene is None or not sample.scene.objects:
        return "no_object"
    facts, names = Counter[str](), Counter[str]()
    for (kind, reason), count in sample.refusals.items():
        counts = names if kind == "reference" else facts
        counts[reason] += count
    first = _commonest(facts) or "nothing_fits"
    return _commonest(names) or first if first == "unnamed" else first


def _commonest(counts: Mapping[str, int]) -> str | None:
    return min(counts, key=lambda reason: (-counts[reason], reason), default=None)


def reason_in_words(reason: str) -> str:
    """Say what a reason means."""
    return _SENTENCES.get(reason, reason.replace("_", " "))


def why_nothing_is_asked(dataset: Dataset, scene: Scene) -> str:
    """Say why nothing is asked about a scene, by asking as the dataset was asked; empty where this version cannot."""
    try:
        asking = asking_of(dataset)
    except DatasetError:
        return ""
    if asking.phrase.questions_per_image == 0:
        return "no question was wanted"
    _, *stages = tail(measure=asking.measure, phrase=asking.phrase, seed=asking.seed)
    return reason_in_words(reason_for_silence(run_stages(stages, [Sample(scene=scene)])[0]))


def silence_in_words(info: Mapping[str, Any]) -> str | None:
    """Say how many scenes of a dataset have no question, and the commonest reason; None where all have some."""
    unasked: Mapping[str, int] = info.get("unasked", {})
    total, first = sum(unasked.values()), _commonest(unasked)
    if first is None or info.get("config", {}).get("phrase", {}).get("questions_per_image") == 0:
        return None
    scenes = "1 scene has no question" if total == 1 else f"{total} scenes have no question"
    often = "" if unasked[first] == total else f"most often ({unasked[first]}), "
    return f"{scenes}: {often}{reason_in_words(first)}"
