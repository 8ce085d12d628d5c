"""Where models run and how much they take at once: device, precision, batches that shrink when memory runs out."""

import gc
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from spatialvlm.errors import ModelError, UserError

Item = TypeVar("Item")
Result = TypeVar("Result")

PRECISIONS = ("auto", "full", "half")


@dataclass(frozen=True, slots=True)
class Runtime:
    """Where models run and how much they take at once.

    `device`: "auto" (a GPU where there is one), "cpu", "cuda", "cuda:1", "mps". `precision`: "auto" is half on a GPU,
    full on a CPU. `batch_size`: images that a model sees together, the one knob for memory; when memory runs out it is
    halved. Raises UserError for values out of range.
    """

    device: str = "auto"
    precision: str = "auto"
    batch_size: int = 8

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise UserError(f"batch_size {self.batch_size}: expected 1 or more images")
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", self.device):
            raise UserError(f"device {self.device!r}: unknown; choose auto, cpu, cuda, cuda:N or mps")
        if self.precision not in PRECISIONS:
            raise UserError(f"precision {self.precision!r}: unknown; choose one of {', '.join(PRECISIONS)}")


class Batches:
    """Runs a model over items in batches: in order, each result once; halves the batch when memory runs out.

    The size that fitted is kept for later calls.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def __call__(self, run: Callable[[Sequence[Item]], Sequence[Result]], items: Sequence[Item]) -> list[Result]:
        """Apply `run` to all items, in batches. Raises ModelError where not even one item fits into memory."""
        results: list[Result] = []
        while len(results) < len(items):
            some = items[len(results) : len(results) + self.size]
            try:
                made = run(some)
            except (MemoryError, RuntimeError) as error:
                if not _is_out_of_memory(error):
                    raise
                if len(some) == 1:
                    raise ModelError(
                        "a model ran out of memory on a single image; use a smaller model or smaller images"
                    ) from error
                self.size = len(some) // 2
                _free_memory()
                continue
            if len(made) != len(some):
                raise ModelError(f"a model returned {len(made)} results for {len(some)} images")
            results += made
        return results


def _is_out_of_memory(error: BaseException) -> bool:
    """Tell whether memory ran out: torch's own error, those of drivers and of onnxruntime say so in words."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(
        sign in text for sign in ("out of memory", "outofmemory", "can't allocate", "failed to allocate", "bad_alloc")
    )


def _free_memory() -> None:
    gc.collect()
    with suppress(ImportError):
        import torch  # pyright: ignore[reportMissingImports]

        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def extra(name: str) -> str:
    """Say how to install an extra of this package."""
    return f"pip install 'spatialvlm[{name}]'"


def first_line(error: BaseException) -> str:
    """Give the first line of what an error says, or its type."""
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
