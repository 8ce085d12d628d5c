"""Turn items into the samples of inspect_ai, and score their answers there with our rules.

Metadata hold all that scoring needs, so that `inspect score` can score a log again without the data.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessageUser, Content, ContentImage, ContentText
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import TaskState

from spatialvlm.answers import answer_from_json, answer_to_json
from spatialvlm.evaluate.items import Item, plain_text, reading_from_json, reading_to_json
from spatialvlm.evaluate.scoring import OfficialRule, score_item

CUT_OFF = ("max_tokens", "model_length")


def sample_from_item(item: Item, pictures: Sequence[Path]) -> Sample:
    """Make a sample that shows `pictures` and then asks."""
    content: list[Content] = [ContentImage(image=str(path)) for path in pictures]
    content.append(ContentText(text=item.prompt))
    metadata = {
        "kind": item.kind,
        "question": item.question,
        "truth": answer_to_json(item.truth),
        "reading": reading_to_json(item.reading),
        "meta": dict(item.meta),
    }
    return Sample([ChatMessageUser(content=content)], target=plain_text(item.truth), id=item.id, metadata=metadata)


def item_from_sample(id_: str, metadata: Mapping[str, Any]) -> Item:
    """Make the item of a sample, without its prompt and its pictures."""
    truth, reading = answer_from_json(metadata["truth"]), reading_from_json(metadata["reading"])
    return Item(id_, metadata["kind"], metadata["question"], "", (), truth, metadata["meta"], reading)


def make_scorer(official: OfficialRule | None) -> Scorer:
    """Make a scorer of inspect_ai: "robust" is ours, "official" the benchmark's own rule where it has one."""
    parsers = ("robust", "official") if official else ("robust",)

    @scorer(metrics={parser: [mean(), stderr()] for parser in parsers}, name="spatialvlm")
    def build() -> Scorer:
        async def score_state(state: TaskState, target: Target) -> Score:
            cut = state.output.stop_reason in CUT_OFF
            item = item_from_sample(str(state.sample_id), state.metadata)
            scored = score_item(item, state.output.completion, official, truncated=cut)
            values = {"robust": scored.robust.value or 0.0}
            if scored.official is not None:
                values["official"] = scored.official.value or 0.0
            return Score(value=values, answer=scored.robust.answer or "", explanation=scored.robust.explanation)

        return score_state

    return build()
