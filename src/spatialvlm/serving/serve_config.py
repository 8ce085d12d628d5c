"""The limits of a server: how large a request may be, how long it may take, how many may wait."""

from dataclasses import dataclass

from spatialvlm.errors import UserError

MIB = 2**20
LONGEST_ANSWER = 1024
"""Tokens that a request may ask for."""


@dataclass(frozen=True, slots=True)
class ServeConfig:
    """What one request may hold, how long it may take, and how many are taken at once.

    `most_requests` counts all that are being read, wait or are answered; one more is turned away. Raises UserError for
    values out of range.
    """

    most_images: int = 8
    image_bytes: int = 10 * MIB
    image_pixels: int = 32_000_000
    body_bytes: int = 32 * MIB
    characters: int = 32_000
    timeout_s: float = 120.0
    most_requests: int = 64

    def __post_init__(self) -> None:
        if not 0 < self.timeout_s < 1e6:
            raise UserError(f"timeout {self.timeout_s:g} s: expected a number of seconds above 0")
        if self.most_images < 0:
            raise UserError(f"images {self.most_images}: expected 0 or more")
        for name in ("image_bytes", "image_pixels", "body_bytes", "characters", "most_requests"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} {getattr(self, name)}: expected 1 or more")
