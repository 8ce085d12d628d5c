"""Which model answers: what people type after --model -> a Model; without it nano, the small one of the package.

nano                                 the small model of the package, also beside a folder of that name: ./nano is it
folder/                              a checkpoint here: in numpy where it can be, else by transformers
Qwen/Qwen3-VL-2B-Instruct[@REV]      a hub id, by transformers
http://localhost:8000/v1#qwen3-vl    a server that speaks OpenAI's protocol, and the name of its model
BACKEND:WEIGHTS                      one of `models.VLMS`, as everywhere else
"""

from pathlib import Path

from spatialvlm.errors import UserError
from spatialvlm.models import NANO, VLMS, Model, packaged_model, parse_model, runs_in_numpy


def choose_model(text: str | None) -> Model:
    """Choose the model and what runs it, nano for none. Raises UserError for a name that makes no sense."""
    text = NANO if text is None else text.strip()
    if text == NANO:
        return packaged_model()
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


_EXPECTED = (
    "give nano, a folder with a checkpoint, a hub id such as Qwen/Qwen3-VL-2B-Instruct, or URL#MODEL of a "
    "server, as in http://localhost:8000/v1#qwen3-vl"
)
