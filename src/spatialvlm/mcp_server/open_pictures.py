"""The pictures that clients have opened: an id each, and a Desk of its own. The ones used last are kept.

Ids are drawn at random, so that no client comes upon the picture of another.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from threading import RLock
from typing import Any

import numpy as np

from spatialvlm.answering import choose_model
from spatialvlm.engine import Pipeline
from spatialvlm.errors import UserError
from spatialvlm.mcp_server import McpConfig
from spatialvlm.mcp_server.picture_paths import checked_roots, read_named
from spatialvlm.models import Runtime, Vlm, load_vlm
from spatialvlm.reason import Desk, call, offered
from spatialvlm.recipes import RECIPES
from spatialvlm.records import Frame


@dataclass(eq=False)
class OpenPicture:
    """A Desk, with a lock: a line of reasoning is one thing after another."""

    desk: Desk
    lock: RLock = field(default_factory=RLock)


class OpenPictures:
    """Opens pictures inside `roots`, and calls tools on them. Threads may share it."""

    def __init__(self, config: McpConfig, runtime: Runtime | None = None) -> None:
        if config.recipe is not None and config.recipe not in RECIPES:
            raise UserError(f"recipe {config.recipe!r}: unknown; choose one of {', '.join(RECIPES)}")
        self.roots = checked_roots(config.roots)
        self.asks = config.vlm is not None
        self._config, self._runtime = config, runtime or Runtime()
        self._model = choose_model(config.vlm) if self.asks else None
        self._open: OrderedDict[str, OpenPicture] = OrderedDict()
        self._lock, self._loading = RLock(), RLock()

    def open(self, path: str) -> dict[str, Any]:
        """Open a picture. Raises UserError for a path that leads to none, or where nothing can be asked about it."""
        named = read_named(path, self.roots)
        desk, why = self._desk_of_frame(named) if isinstance(named, Frame) else (self._desk_of_scene(*named), "")
        tools = sorted(offered(desk))
        if desk.scene is None and desk.vlm is None:
            raise UserError(
                f"path {path!r}: {why or 'no scene could be made of it'}; nothing can be measured. Name a picture with "
                "depth, or start the server with --recipe (models that estimate it) or --vlm (a model to ask)"
            )
        picture = secrets.token_hex(6)
        with self._lock:
            self._open[picture] = OpenPicture(desk)
            while len(self._open) > self._config.most_pictures:
                self._open.popitem(last=False)
        told = {"picture": picture, "sees": "scene" if desk.scene is not None else "vlm", "tools": tools}
        if desk.scene is not None:
            told["objects"] = len(desk.scene.objects)
        return told | ({"remark": why} if why else {})

    def call(self, picture: Any, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call a tool on an open picture. Raises UserError as the tool does, and for an id that is none."""
        with self._lock:
            found = self._open.get(picture) if isinstance(picture, str) else None
            if found is None:
                raise UserError(
                    f"picture {picture!r}: is not open; call open_picture and use the id that it tells. The "
                    f"{self._config.most_pictures} pictures used last are kept"
                )
            self._open.move_to_end(picture)
        with found.lock:
            return call(found.desk, tool, arguments)

    def _desk_of_frame(self, frame: Frame) -> tuple[Desk, str]:
        if frame.depth_m is None and self._config.recipe is None:
            return Desk(frame, None, self._asker(frame.image)), "the photo has no depth"
        with self._loading:  # models are not made for several threads
            sample = self.pipeline(frame)
        why = "" if sample.scene is not None else "; ".join(drop.reason for drop in sample.drops)
        lift_config = self.pipeline.recipe.lift
        desk = Desk(sample.frame or frame, sample.scene, self._asker(frame.image), lift_config=lift_config)
        return desk, why

    def _desk_of_scene(self, scene: Any, shown: Frame | None) -> Desk:
        return Desk(None, scene, None if shown is None else self._asker(shown.image))

    def _asker(self, pixels: np.ndarray) -> Callable[[str], str] | None:
        if not self.asks:
            return None

        def ask(question: str) -> str:
            with self._loading:
                return self.vlm.answers([([pixels], question)])[0]

        return ask

    @cached_property
    def pipeline(self) -> Pipeline:
        """The recipe, its models loaded when the first picture needs them."""
        return Pipeline(self._config.recipe or "given", self._runtime)

    @cached_property
    def vlm(self) -> Vlm:
        """The model, loaded when it is first asked."""
        assert self._model is not None
        return load_vlm(self._model, self._runtime)
