"""Whether a model takes several questions a row: one row asked packed and one by one, and the answers compared.

Not by a list of families: what a model does with a mask depends on its attention, its version and its positions.
"""

from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from spatialvlm.train.batches import Collator
from spatialvlm.train.packing import IGNORED, TokenRow, unpack

TOLERATED = {torch.float32: 0.01, torch.bfloat16: 0.15, torch.float16: 0.05}
"""How far apart log-probabilities of answers may be, on average, by the type that the model computes in."""


def takes_packed_rows(model: Any, collate: Collator, row: TokenRow) -> bool:
    """Tell whether a model gives answers the same probabilities in a packed row as one by one.

    False where it takes no mask for pairs of tokens at all. A row of one question says nothing: True.
    """
    if len(row.segments) < 2:
        return True
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            packed = _answers(model, collate([row]))
            alone = torch.cat([_answers(model, collate([one])) for one in unpack(row)])
    except (ValueError, TypeError, IndexError, RuntimeError) as error:
        if "out of memory" in str(error).lower():
            raise
        return False
    finally:
        model.train(was_training)
    apart = (packed - alone).abs().mean().item()
    return apart <= TOLERATED.get(model.dtype, 0.01)


def _answers(model: Any, batch: dict[str, Any]) -> Any:
    """Return the log-probabilities of the learnt tokens of a batch of one row."""
    device = next(model.parameters()).device
    given = {name: value.to(device) for name, value in batch.items() if name not in ("labels", "evidence")}
    given = {
        name: value.to(model.dtype) if value.is_floating_point() and name == "pixel_values" else value
        for name, value in given.items()
    }
    if given["attention_mask"].is_floating_point():
        given["attention_mask"] = given["attention_mask"].to(model.dtype)
    logits = model(**given).logits[0, :-1].float()
    wanted = batch["labels"][0, 1:].to(device)
    learnt = wanted != IGNORED
    return torch.log_softmax(logits[learnt], -1).gather(1, wanted[learnt][:, None])[:, 0]
