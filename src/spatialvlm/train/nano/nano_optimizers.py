"""Optimizers of nano: a model enters, Muon for the matrices within its layers and AdamW for all else leave.

Muon: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/. torch.optim.Muon computes in bfloat16, which on a
processor without units for it takes four times as long as float32; here matrices of a shape are taken together, in
float32 unless the run is in bfloat16. The rate climbs, stays, and falls to nothing over the last fifth of a run, so
that a run can be made longer up to there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import torch  # pyright: ignore[reportMissingImports]

MATRICES_RATE, OTHERS_RATE = 0.02, 2e-3
WARMUP, FALL = 50, 0.2
DECAY = 0.5
"""Of Muon, against its rate: keeps the singular values of a matrix below 1 / DECAY, so that attention stays soft."""
NEWTON, NEWTON_STEPS = (3.4445, -4.7750, 2.0315), 5


class Muon(torch.optim.Optimizer):
    """Moves matrices along their momentum, with all its singular values made about 1; `half` computes in bfloat16."""

    def __init__(
        self, matrices: Iterable[Any], lr: float = MATRICES_RATE, momentum: float = 0.95, *, half: bool = False
    ) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum})
        self._dtype = torch.bfloat16 if half else torch.float32

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # pyright: ignore
        """Take a step. `closure` is not called."""
        for group in self.param_groups:
            alike: dict[torch.Size, list[Any]] = defaultdict(list)
            for weight in group["params"]:
                if weight.grad is not None:
                    alike[weight.shape].append(weight)
            for shape, weights in alike.items():
                moves = torch.stack([self._momentum(weight, group["momentum"]) for weight in weights])
                scale = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                for weight, move in zip(weights, orthogonal(moves.to(self._dtype)), strict=True):
                    weight.mul_(1.0 - group["lr"] * DECAY)
                    weight.add_(move.to(weight.dtype), alpha=-scale)

    def _momentum(self, weight: Any, decay: float) -> Any:
        state = self.state[weight]
        kept = state.setdefault("momentum", torch.zeros_like(weight))
        kept.lerp_(weight.grad, 1.0 - decay)
        return weight.grad.lerp(kept, decay)


def orthogonal(matrices: Any) -> Any:
    """Bring the singular values of matrices (n, rows, columns) near 1, by five steps of Newton and Schulz."""
    wide = matrices if matrices.shape[1] <= matrices.shape[2] else matrices.mT
    wide = wide / (wide.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(NEWTON_STEPS):
        square = wide @ wide.mT
        wide = NEWTON[0] * wide + (NEWTON[1] * square + NEWTON[2] * square @ square) @ wide
    return wide if matrices.shape[1] <= matrices.shape[2] else wide.mT


def optimizers_of(
    modules: Iterable[Any],
    scale: float = 1.0,
    others: Mapping[int, float] = MappingProxyType({}),
    *,
    half: bool = False,
) -> list[Any]:
    """Make both optimizers for modules; `scale` multiplies their rates. What is outside of layers is AdamW's.

    `others` are factors of some weights, by their id. `half`: Muon computes in bfloat16.
    """
    groups: dict[tuple[bool, float], list[Any]] = defaultdict(list)
    for module in modules:
        for name, weight in module.named_parameters():
            if weight.requires_grad:
                inner = weight.ndim == 2 and ".layers." in f".{name}"
                groups[inner, others.get(id(weight), 1.0)].append(weight)
    found: list[Any] = []
    for is_inner, rate in ((False, OTHERS_RATE), (True, MATRICES_RATE)):
        some = [
            {"params": weights, "lr": rate * scale * factor, "full_lr": rate * scale * factor}
            for (inner, factor), weights in groups.items()
            if inner == is_inner
        ]
        if some:
            found.append(
                Muon(some, half=half) if is_inner else torch.optim.AdamW(some, betas=(0.9, 0.95), weight_decay=0.0)
            )
    return found


def share_of_rate(step: int, steps: int) -> float:
    """Return what share of the full rate a step of a run has."""
    left = (steps - step) / max(FALL * steps, 1.0)
    return max(min(1.0, (step + 1) / WARMUP, left), 0.0)


def take_step(optimizers: Iterable[Any], share: float) -> None:
    """Take a step at a share of the full rate, and forget the gradients."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["full_lr"] * share
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
