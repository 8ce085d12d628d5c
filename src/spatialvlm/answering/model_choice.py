"""Which model answers: what people type after --model -> a Model; without it the small one of the package.

folder/                              a checkpoint here: in numpy where it can be, else by transformers
Qwen/Qwen3-VL-2B-Instruct[@REV]      a hub id, by transformers
http://localhost:8000/v1#qwen3-vl    a server that speaks OpenAI's protocol, and the name of its model
BACKEND:WEIGHTS                      one of `models.VLMS`, as everywhere else
"""

from importlib.resources import files
from pathlib import Path

from spatialvlm.errors import UserError
from spatialvlm.models import VLMS, Model, parse_model, runs_in_numpy

PACKAGED = "nano"
"""The folder of the package with the model that answers without --model: a checkpoint that runs in numpy."""


def choose_model(text: str | None) -> Model:
    """Choose the model and what runs it. Raises UserError for a name that makes no sense, or none and none packaged."""
    if text is None:
        return packaged_model()
    text = text.strip()
    backend, colon, _ = text.partition(":")
    if backend in ("http", "https"):
        return Model("openai", text)
    if colon and backend in VLMS:
        return parse_model(text)
    path = Path(text).expanduser()
    if text and path.exists():
        if not (path / "config.json").is_file():
            raise UserError(f"model {text!r}: holds no config.json, so it is no checkpoint; {_EXPECTED}")
        return Model("idefics3" if runs_in_numpy(path) else "transformers", text)
    if not text or text.count("/") != 1 or text.startswith((".", "~", "/")):
        raise UserError(f"model {text!r}: no such folder, hub id or server; {_EXPECTED}")
    return parse_model(f"transformers:{text}")


def packaged_model() -> Model:
    """Find the small model of the package. Raises UserError where it comes without one."""
    folder = Path(str(files("spatialvlm"))) / PACKAGED
    if not (folder / "config.json").is_file():
        raise UserError(f"no model: none is installed with this package; {_EXPECTED}")
    return Model("idefics3", str(folder))


_EXPECTED = (
    "give one by --model: a folder with a checkpoint, a hub id such as Qwen/Qwen3-VL-2B-Instruct, or URL#MODEL of a "
    "server, as in http://localhost:8000/v1#qwen3-vl"
)
