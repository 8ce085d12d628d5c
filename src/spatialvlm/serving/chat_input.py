"""The messages of a chat -> what a model is asked: the words of all of them, and their pictures.

Pictures come as data URLs. Any other address is refused by its form: nothing is fetched and no file is opened. Sizes
are judged before anything is decoded: of the text of base64, of the header of a picture.
"""

import base64
import binascii

import numpy as np
from jaxtyping import UInt8

from spatialvlm.errors import UserError
from spatialvlm.models import Ask
from spatialvlm.pipeline.collect import decode_photo
from spatialvlm.serving.api_errors import ApiError
from spatialvlm.serving.chat_request import ImagePart, Message
from spatialvlm.serving.serve_config import MIB, ServeConfig

EXPECTED = "expected a data URL, data:image/png;base64,...; nothing is fetched, and no file is opened"


def ask_of(messages: list[Message], config: ServeConfig) -> Ask:
    """Join the messages to one question, in order, each part on a line of its own; the pictures come before it.

    Raises ApiError for what is too long or too large, and for what is no picture.
    """
    words: list[str] = []
    urls: dict[str, str] = {}
    for place, message in enumerate(messages):
        parts = [message.content] if isinstance(message.content, str) else message.content or []
        for number, part in enumerate(parts):
            if isinstance(part, ImagePart):
                urls[f"messages.{place}.content.{number}.image_url.url"] = part.image_url.url
            else:
                words.append(part if isinstance(part, str) else part.text)
    length = sum(map(len, words))
    if length > config.characters:
        raise ApiError(
            400, f"messages: {length:,} characters, expected at most {config.characters:,}; shorten them", "messages"
        )
    if len(urls) > config.most_images:
        raise ApiError(400, f"messages: {len(urls)} images, expected at most {config.most_images}", "messages")
    if not urls and not any(word.strip() for word in words):
        raise ApiError(400, "messages: hold neither words nor images", "messages")
    files = {where: _file_of(url, where, config) for where, url in urls.items()}
    return [_pixels_of(data, where, config) for where, data in files.items()], "\n".join(words)


def _file_of(url: str, where: str, config: ServeConfig) -> bytes:
    """Take the bytes out of a data URL."""
    head, comma, text = url.partition(",")
    scheme, colon, kind = head.partition(":")
    if scheme.lower() != "data" or not colon:
        shown = f"{scheme[:12]}:" if colon and scheme[:12].isalnum() else "no scheme"
        raise ApiError(400, f"{where}: got {shown}; {EXPECTED}", where)
    parts = kind.lower().split(";")
    if not comma or not parts[0].startswith("image/") or parts[-1] != "base64":
        raise ApiError(400, f"{where}: got data of another kind, {EXPECTED}", where)
    if len(text) // 4 * 3 > config.image_bytes + 2:
        raise ApiError(
            400,
            f"{where}: {len(text) // 4 * 3 / MIB:,.1f} MiB, expected at most {config.image_bytes / MIB:g}; "
            "make the image smaller",
            where,
        )
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ApiError(400, f"{where}: is damaged, no base64; encode the file again", where) from None


def _pixels_of(data: bytes, where: str, config: ServeConfig) -> UInt8[np.ndarray, "h w 3"]:
    try:
        return decode_photo(data, where, config.image_pixels)
    except UserError as error:
        raise ApiError(400, str(error), where) from None
