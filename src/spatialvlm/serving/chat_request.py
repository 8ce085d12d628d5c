"""A request for a chat completion, checked: what is taken, and what is refused because this server has it not.

https://platform.openai.com/docs/api-reference/chat/create; fields that are not listed here are ignored.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from spatialvlm.models import MAX_NEW_TOKENS
from spatialvlm.serving.serve_config import LONGEST_ANSWER

MOST_MESSAGES, MOST_PARTS, MOST_STOPS, MOST_TOOLS = 64, 64, 4, 128
MOST_ANSWERS, COLDEST, HOTTEST = 16, 0.01, 2.0
LARGEST_SEED = 2**63 - 1


def _check_unicode(text: str) -> str:
    """Refuse halves of characters, which escapes of JSON can make and UTF-8 cannot say."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("is no valid Unicode; send whole characters")
    return text


Text = Annotated[str, AfterValidator(_check_unicode)]
Name = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_check_unicode)]
Tokens = Annotated[int, Field(ge=1, le=LONGEST_ANSWER)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False, frozen=True)


class ImageUrl(_Strict):
    """Where a picture is: a data URL, as `chat_input` checks."""

    url: str


class TextPart(_Strict):
    """Words."""

    type: Literal["text"]
    text: Text


class ImagePart(_Strict):
    """A picture."""

    type: Literal["image_url"]
    image_url: ImageUrl


Part = Annotated[TextPart | ImagePart, Field(discriminator="type")]


class Message(_Strict):
    """One turn of a chat. It may lack words, as one of the assistant does that called tools."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Text | Annotated[list[Part], Field(min_length=1, max_length=MOST_PARTS)] | None = None


class StreamOptions(_Strict):
    """What a stream tells besides."""

    include_usage: bool | None = None


class ChatRequest(_Strict):
    """A request: see the module."""

    model: Name
    messages: Annotated[list[Message], Field(min_length=1, max_length=MOST_MESSAGES)]
    temperature: Annotated[float, Field(ge=0, le=HOTTEST)] | None = None
    seed: Annotated[int, Field(ge=-LARGEST_SEED - 1, le=LARGEST_SEED)] | None = None
    n: Annotated[int, Field(ge=1, le=MOST_ANSWERS)] | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    stop: Name | Annotated[list[Name], Field(max_length=MOST_STOPS)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: Annotated[list[dict[str, Any]], Field(max_length=MOST_TOOLS)] | None = None
    tool_choice: str | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None

    @field_validator("tool_choice")
    @classmethod
    def check_tool_choice(cls, value: str | dict[str, Any] | None) -> str | dict[str, Any] | None:
        """Refuse to promise a call of a tool."""
        if value in (None, "none", "auto"):
            return value
        raise ValueError("this model calls no tools; expected 'auto' or 'none'")

    @field_validator("response_format")
    @classmethod
    def check_response_format(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        """Refuse forms of answer that nothing here enforces."""
        if value is not None and value.get("type") != "text":
            raise ValueError("is not offered here but for {'type': 'text'}; leave it out and ask for JSON in words")
        return value

    @field_validator("logprobs", "top_logprobs")
    @classmethod
    def check_logprobs(cls, value: int | None) -> int | None:
        """Refuse to promise probabilities."""
        if value:
            raise ValueError("is not offered here; leave it out")
        return value

    @property
    def drawn_at(self) -> float:
        """How freely words are drawn; 0 where so little that dividing by it could overflow."""
        return 0.0 if self.temperature is None or self.temperature < COLDEST else self.temperature

    @property
    def longest(self) -> int:
        """How many tokens an answer may have."""
        return self.max_completion_tokens or self.max_tokens or MAX_NEW_TOKENS

    @property
    def stops(self) -> list[str]:
        """What ends an answer, beside the model itself."""
        return [self.stop] if isinstance(self.stop, str) else self.stop or []
