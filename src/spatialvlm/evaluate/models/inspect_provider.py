"""Run weights on this machine behind inspect_ai: a chat in, the answer of `spatialvlm.models.vlm` out.

    spatialvlm/transformers:WEIGHTS       as a model of inspect_ai, also on its own command line

Questions that wait are answered together, since transformers runs batches.
"""

from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any

import anyio
import anyio.to_thread
import numpy as np
from inspect_ai.model import ChatMessage, ContentImage, GenerateConfig, Model, ModelAPI, ModelOutput, get_model
from inspect_ai.model import modelapi as register
from inspect_ai.tool import ToolChoice, ToolInfo
from jaxtyping import UInt8
from PIL import Image, ImageOps

from spatialvlm.errors import ModelError, SpatialError
from spatialvlm.evaluate.models import AskConfig
from spatialvlm.evaluate.models.pictures import image_bytes
from spatialvlm.models import MAX_NEW_TOKENS, Ask, Runtime, Vlm, VlmReply, load_vlm, parse_model, replies_or_errors

PROVIDER = "spatialvlm"
GATHER_S = 0.02
"""How long a question waits for others to join its batch."""


@dataclass(slots=True)
class _Waiting:
    """A question and, later, its answer or what went wrong."""

    ask: Ask
    reply: VlmReply | SpatialError | None = None


class LocalModel(ModelAPI):
    """A ModelAPI of inspect_ai around a Vlm; `model_name` is BACKEND:WEIGHTS[@REVISION].

    `runtime` holds fields of `inference.Runtime`: device, precision, batch_size.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        **runtime: Any,
    ) -> None:
        config = config or GenerateConfig()
        super().__init__(model_name, base_url, api_key, [], config)
        where = Runtime(**runtime)
        most = config.max_tokens or MAX_NEW_TOKENS
        self._vlm: Vlm = load_vlm(parse_model(model_name), where, max_new_tokens=most)
        self.version = self._vlm.version
        self._at_once, self._waiting, self._lock = where.batch_size, list[_Waiting](), anyio.Lock()

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        """Answer a chat: the pictures and the words of all its messages."""
        waiting = _Waiting(_question_of(input))
        self._waiting.append(waiting)
        await anyio.sleep(GATHER_S)
        async with self._lock:
            while waiting.reply is None:
                batch, self._waiting = self._waiting[: self._at_once], self._waiting[self._at_once :]
                await anyio.to_thread.run_sync(self._answer, batch)
        reply = waiting.reply
        if isinstance(reply, SpatialError):
            raise reply
        return ModelOutput.from_content(self._vlm.name, reply.text, "max_tokens" if reply.cut else "stop")

    def max_connections(self) -> int:
        """Allow as many questions as make two batches: one runs, one gathers."""
        return 2 * self._at_once

    def _answer(self, batch: list[_Waiting]) -> None:
        """Fill in the answers of a batch, or why one has none."""
        for one, reply in zip(batch, replies_or_errors(self._vlm, [one.ask for one in batch]), strict=True):
            one.reply = reply


@register(name=PROVIDER)
def provider() -> type[ModelAPI]:
    """Name the provider as inspect_ai finds it by the entry point of this package."""
    return LocalModel


def local_model(name: str, config: AskConfig, settings: GenerateConfig) -> Model:
    """Load the weights called `name` as a model to evaluate; without a time-out, since a CPU may take its time."""
    settings = settings.model_copy(update={"attempt_timeout": None, "timeout": None, "max_retries": 0})
    settings.max_connections = 2 * config.runtime.batch_size
    return get_model(f"{PROVIDER}/{name}", config=settings, memoize=False, **asdict(config.runtime))


def _question_of(messages: list[ChatMessage]) -> Ask:
    images: list[UInt8[np.ndarray, "_ _ 3"]] = []
    words: list[str] = []
    for message in messages:
        parts = [message.content] if isinstance(message.content, str) else message.content
        for part in parts:
            if isinstance(part, ContentImage):
                images.append(_decode(part.image))
            elif isinstance(text := part if isinstance(part, str) else getattr(part, "text", None), str):
                words.append(text)
    return images, "\n".join(words)


def _decode(image: str) -> UInt8[np.ndarray, "_ _ 3"]:
    """Decode an image file or a data URL as RGB, upright."""
    data = image_bytes(image)
    try:
        with Image.open(BytesIO(data)) as opened:
            return np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))
    except OSError as error:
        raise ModelError(f"a picture of {len(data)} bytes cannot be read: {error}") from None
