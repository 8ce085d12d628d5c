"""serving: a vision-language model -> a server that speaks OpenAI's chat completions. Needs the extra `serve`.

serve_config   the limits of requests
chat_request   the request, checked: what is taken, what is refused
chat_input     its messages -> words and pictures; nothing but data URLs is ever opened
answer_queue   questions that wait -> answers in batches, by one thread
chat_reply     answers -> completions, or the pieces of a stream
api_errors     what goes wrong -> errors as OpenAI words them
door           who may come in: the key, room for another request, a body of bounded size
chat_app       all of it joined: the URLs
"""

from spatialvlm.errors import UserError
from spatialvlm.models import Runtime, load_vlm
from spatialvlm.serving.serve_config import ServeConfig

__all__ = ["ServeConfig", "serve"]


def serve(
    model: str | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    key: str | None = None,
    no_key: bool = False,
    name: str | None = None,
    config: ServeConfig | None = None,
    runtime: Runtime | None = None,
) -> None:
    """Serve a model, as `choose_model` takes it, until Ctrl-C. `name` is what clients may call it beside its own name.

    Raises UserError for a missing extra, a model that makes no sense, a port that is taken, a host that other machines
    reach without a `key`, unless `no_key` says that this is meant.
    """
    from rich.console import Console

    try:
        from spatialvlm.http_server import QuietServer, address_of, is_local, listen
        from spatialvlm.serving.chat_app import application
    except ImportError as error:
        raise UserError(f"serve: needs {error.name}; install the extra: pip install 'spatialvlm[serve]'") from None
    from spatialvlm.answering import choose_model

    config, runtime = config or ServeConfig(), runtime or Runtime()
    check_key(key)
    if not (key or no_key or is_local(host)):
        raise UserError(
            f"host {host!r}: other machines reach it, and no key is set; put one into SPATIALVLM_API_KEY, or say "
            "--no-key"
        )
    with listen(host, port) as opened:
        vlm = load_vlm(choose_model(model), runtime)
        app = application(vlm, config, key=key, name=name, at_once=runtime.batch_size)
        line = how_to_ask(f"http://{address_of(opened)}/v1", name or vlm.name, bool(key))
        Console(stderr=True).print(line, soft_wrap=True, highlight=False, markup=False)
        QuietServer(app).run(sockets=[opened])


def check_key(key: str | None) -> None:
    """Raise UserError for a key that no header could carry."""
    if key is not None and not (key and key.isascii() and key.isprintable() and " " not in key):
        raise UserError("API key: expected letters, digits and signs of ASCII without blanks; choose another one")


def how_to_ask(url: str, model: str, keyed: bool) -> str:
    """Say on one line where the model is and how it is asked."""
    header = ' -H "Authorization: Bearer $SPATIALVLM_API_KEY"' if keyed else ""
    body = f'{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello"}}]}}'
    return (
        f"{url} serves {model}; Ctrl-C ends it; ask by openai.OpenAI(base_url={url!r}, api_key=...) or "
        f"curl {url}/chat/completions{header} -H 'Content-Type: application/json' -d '{body}'"
    )
