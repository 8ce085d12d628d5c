"""annotate: people answer the questions, and their answers become a benchmark.

SpatialVLM's protocol (arXiv 2401.12168, section 4.1 and appendix A.1): the pipeline proposes a question per image; the
annotator keeps it, rewrites it or skips the image; then types an answer as people say it ("about 5 meters", "left").

    annotation_tasks   a dataset, or a source of frames -> one image at a time, read ahead in a thread of its own
    proposals          what the pipeline would ask about it -> one question, its answer kept from the annotator
    answer_forms       what was typed -> how it reads, or what it lacks
    decisions          a decision -> a line of JSON, which the task `folder` of `evaluate` reads
    session            all of it joined: what an annotator sees, what is stored
    server             a session -> a page on this machine alone: page.html, page.css and the scripts
    agreement          the file of decisions -> how far annotators agree, with each other and with the pipeline

`server` alone needs the extra `evaluate`.
"""

import secrets
from pathlib import Path

from spatialvlm.annotate.agreement import agreement_report
from spatialvlm.annotate.annotation_tasks import TaskLoader, open_annotation_source
from spatialvlm.annotate.decisions import DecisionFile
from spatialvlm.annotate.session import AnnotationSession, annotator_name
from spatialvlm.errors import UserError

__all__ = ["agreement_report", "run_annotation"]


def run_annotation(
    source: str,
    out: Path,
    *,
    annotator: str | None = None,
    seed: int = 0,
    limit: int | None = None,
    port: int = 0,
    host: str = "127.0.0.1",
) -> None:
    """Serve the page until Ctrl-C; answers go to the JSON lines file `out`, after those that are there already.

    `source` is a dataset or any SOURCE of frames. Without the name of an `annotator` the page asks for it. Raises
    UserError for a bad source, a file that is no such answers, a port that is taken, or a missing extra.
    """
    from rich.console import Console

    try:
        from spatialvlm.annotate.server import application, listen
        from spatialvlm.http_server import QuietServer, address_of
    except ImportError as error:
        raise UserError(
            f"annotate: the page needs {error.name}; install the extra: pip install 'spatialvlm[evaluate]'"
        ) from None
    who = annotator_name(annotator) if annotator is not None else None
    console, token = Console(stderr=True), secrets.token_urlsafe(16)
    with (
        TaskLoader(lambda: open_annotation_source(source, seed)) as loader,
        DecisionFile(out) as decisions,
        listen(host, port) as opened,
    ):
        session = loader.do(lambda: AnnotationSession(loader.source, decisions, seed, limit))
        link = f"http://{address_of(opened)}/?token={token}"
        console.print(
            f"{len(session)} images, answers go to {out}\nopen {link}\nCtrl-C ends it; the same command goes on later",
            soft_wrap=True,
            highlight=False,
            markup=False,
        )
        QuietServer(application(session, loader, token=token, annotator=who, out=out.name)).run(sockets=[opened])
        console.print(f"{len(decisions.decisions)} decisions in {out}", soft_wrap=True, highlight=False, markup=False)
