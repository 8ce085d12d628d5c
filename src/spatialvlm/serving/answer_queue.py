"""Questions that wait -> answers in batches, by one thread, since a Vlm is no thing for several at once.

What waits with the same settings is answered together, as many as make a batch. What is drawn (temperature above 0) is
answered by itself: its seed must decide it, whoever else asks. A question whose client has gone is forgotten; one that
is being answered already is finished in vain.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from spatialvlm.errors import SpatialError
from spatialvlm.models import Ask, Vlm, VlmReply, replies_or_errors
from spatialvlm.serving.api_errors import ApiError

HELD_BYTES = 2**31
"""How much memory the pictures of waiting questions may take."""


@dataclass(frozen=True, slots=True)
class AnswerSettings:
    """What decides an answer beside the question."""

    seed: int
    max_new_tokens: int
    temperature: float


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    asks: Sequence[Ask]
    settings: AnswerSettings
    done: asyncio.Future[list[VlmReply]]


class AnswerQueue:
    """Answers by a model, at most `at_once` questions together. To be used in one event loop."""

    def __init__(self, vlm: Vlm, at_once: int) -> None:
        self._vlm, self._at_once = vlm, at_once
        self._waiting: list[_Waiting] = []
        self._thread = ThreadPoolExecutor(1, "answers")
        self._work: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    async def replies(self, ask: Ask, count: int, settings: AnswerSettings) -> list[VlmReply]:
        """Answer a question so many times. Raises what the model raises, ApiError where too much waits."""
        held = sum(image.nbytes for one in self._waiting for image in one.asks[0][0])
        if held > HELD_BYTES:
            raise ApiError(429, "the pictures that wait fill the memory; try again later", code="queue_full")
        drawn = settings.temperature > 0
        done: asyncio.Future[list[VlmReply]] = asyncio.get_running_loop().create_future()
        one = _Waiting([ask] * (count if drawn else 1), settings, done)
        self._waiting.append(one)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._answer_all())
        try:
            said = await done
        finally:
            if one in self._waiting:
                self._waiting.remove(one)
        return said if drawn else said * count

    def close(self) -> None:
        """Answer nothing more; what is being answered is finished."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _answer_all(self) -> None:
        while self._waiting:
            batch = self._next()
            self._waiting = [one for one in self._waiting if one not in batch]
            await self._run(batch)

    async def _run(self, batch: Sequence[_Waiting]) -> None:
        """Answer a batch; where the model breaks down over it, each alone, so that one costs no other."""
        job = asyncio.get_running_loop().run_in_executor(self._thread, self._answer, batch)
        await asyncio.wait([job])
        fault = job.exception()
        if fault is not None and len(batch) > 1:
            for one in batch:
                if not one.done.done():
                    await self._run([one])
            return
        for one, said in zip(batch, [fault] if fault else job.result(), strict=True):
            if one.done.done():
                continue
            if isinstance(said, list):
                one.done.set_result(said)
            else:
                one.done.set_exception(said)

    def _next(self) -> list[_Waiting]:
        """Take the one that has waited longest, and others like it."""
        first = self._waiting[0]
        if first.settings.temperature > 0:
            return [first]
        return [one for one in self._waiting if one.settings == first.settings][: self._at_once]

    def _answer(self, batch: Sequence[_Waiting]) -> list[list[VlmReply] | SpatialError]:
        settings = batch[0].settings
        vlm = self._vlm.with_settings(
            seed=settings.seed, max_new_tokens=settings.max_new_tokens, temperature=settings.temperature
        )
        told = iter(replies_or_errors(vlm, [ask for one in batch for ask in one.asks]))
        found: list[list[VlmReply] | SpatialError] = []
        for one in batch:
            own = [next(told) for _ in one.asks]
            faults = [reply for reply in own if isinstance(reply, SpatialError)]
            found.append(faults[0] if faults else [reply for reply in own if isinstance(reply, VlmReply)])
        return found
