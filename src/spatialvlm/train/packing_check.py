"""Whether a model takes several questions a row: one row asked packed and one by one, and the answers compared.

Hardly by a list of families: what a model does with a mask depends on its attention, its version and its positions.
"""

from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from spatialvlm.train.batches import Collator
from spatialvlm.train.encoding import PREFIX_LM
from spatialvlm.train.packing import IGNORED, TokenRow, unpack

TOLERATED, TOLERATED_IN_HALF = 0.01, 0.15
"""How far apart log-probabilities of answers may be, on average, in full and in half precision."""


def packing_fault(model: Any, collate: Collator, row: TokenRow, *, half: bool = False) -> str | None:
    """Say why a model cannot take packed rows, None where it gives answers the same probabilities as one by one.

    A row of one question says nothing of it: None. `half`: as in training with mixed precision.
    """
    if len(row.segments) < 2:
        return None
    if collate.family in PREFIX_LM:
        return "its image sees the question"
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    try:
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=half):
            packed = _answers(model, collate([row]), device)
            alone = torch.cat([_answers(model, collate([one]), device) for one in unpack(row)])
    except (ValueError, TypeError, IndexError, RuntimeError) as error:
        if "out of memory" in str(error).lower():
            raise
        return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    finally:
        model.train(was_training)
    apart = (packed - alone).abs().mean().item()
    return None if apart <= (TOLERATED_IN_HALF if half else TOLERATED) else f"answers differ by {apart:.2f} nats"


def _answers(model: Any, batch: dict[str, Any], device: Any) -> Any:
    """Return the log-probabilities of the learnt tokens of a batch of one row."""
    given = {name: value.to(device) for name, value in batch.items() if name not in ("labels", "evidence")}
    logits = model(**given).logits[0, :-1].float()
    wanted = batch["labels"][0, 1:].to(device)
    learnt = wanted != IGNORED
    return torch.log_softmax(logits[learnt], -1).gather(1, wanted[learnt][:, None])[:, 0]
