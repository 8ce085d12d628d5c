"""What stage 0 is taught of each patch, and how right it is: depth, words, width and height of what is there.

What a patch shows is told by the words of its thing, all equally likely, so that a "red mug" is a bit of every red
thing and of every mug; a patch without a thing is the word "nothing".
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

NOTHING = "nothing"
NOTHING_WEIGHT = 0.2
LENGTHS = ("depth", "width", "height")
RARE = 3


class PatchWords:
    """The words of a set of things: `of` says which a thing has, as a table (things + 1, words), the last for none."""

    def __init__(self, names: Sequence[str], known: Sequence[str] | None = None) -> None:
        counts = Counter(word for name in names for word in name.split())
        common = sorted(word for word, count in counts.items() if count >= RARE)
        self.words = tuple(known or (NOTHING, *common))
        nouns = {name.split()[-1] for name in names}
        self.is_noun = torch.tensor([word in nouns for word in self.words])
        place = {word: number for number, word in enumerate(self.words)}
        shares = np.zeros((len(names) + 1, len(self.words)), np.float32)
        self.noun = torch.full((len(names) + 1,), -1)
        for row, name in enumerate(names):
            mine = [place[word] for word in name.split() if word in place]
            shares[row, mine] = 1.0 / max(len(mine), 1)
            self.noun[row] = place.get(name.split()[-1], -1)
        shares[-1, 0] = 1.0
        self.shares = torch.from_numpy(shares)


class PatchHeads(nn.Module):
    """Small heads on what leaves the tower at each patch; thrown away after stage 0."""

    def __init__(self, width: int, words: int) -> None:
        super().__init__()
        self.lengths = nn.Linear(width, len(LENGTHS))
        self.words = nn.Linear(width, words)

    def forward(self, states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Read (n, patches, width) as lengths (n, patches, 3), log of metres, and logits of words."""
        return self.lengths(states), self.words(states)

    def recall(self, words: Sequence[str], looks: Mapping[str, torch.Tensor]) -> None:
        """Begin with what a tower knows of words."""
        with torch.no_grad():
            for row, word in enumerate(words):
                if word in looks:
                    self.words.weight[row] = looks[word]


def dense_loss(
    lengths: torch.Tensor, logits: torch.Tensor, known: torch.Tensor, thing: torch.Tensor, words: PatchWords
) -> torch.Tensor:
    """Return the loss of patches: lengths against `known` (NaN: unknown), words against those of `thing` (-1: none)."""
    is_known = ~torch.isnan(known)
    apart = functional.smooth_l1_loss(lengths, torch.where(is_known, known, 0.0), reduction="none", beta=0.1)
    reading = (apart * is_known).sum((0, 1)) / is_known.sum((0, 1)).clamp(min=1)
    weight = torch.where(thing >= 0, 1.0, NOTHING_WEIGHT)
    entropy = -(words.shares[thing] * functional.log_softmax(logits, -1)).sum(-1)
    return 2.0 * reading[0] + reading[1:].sum() + 0.5 * (weight * entropy).sum() / weight.sum()


def dense_scores(
    lengths: torch.Tensor, logits: torch.Tensor, known: torch.Tensor, thing: torch.Tensor, words: PatchWords
) -> dict[str, float]:
    """Measure: mean error of log lengths, the share of depths within 25 %, and of patches whose noun is right."""
    apart = (lengths - known).abs()
    figures = {f"{name}_error": float(apart[..., place].nanmean()) for place, name in enumerate(LENGTHS)}
    depth = apart[..., 0]
    figures["depth_within_25"] = float((depth[~depth.isnan()] < np.log(1.25)).float().mean())
    has = words.noun[thing] > 0
    said = logits.masked_fill(~words.is_noun, -torch.inf).argmax(-1)
    figures["noun_right"] = float((said == words.noun[thing])[has].float().mean())
    figures["thing_found"] = float((logits.argmax(-1) > 0)[thing >= 0].float().mean())
    return figures
