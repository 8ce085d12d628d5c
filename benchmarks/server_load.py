"""Measure `spatialvlm serve` under load: many clients at once, each asking as fast as it is answered.

    python benchmarks/server_load.py [--seconds 60] [--clients 32] [--model MODEL] [--max-tokens 32]

A process of its own serves, by default a checkpoint of 2.8 million random weights; the clients are threads here, which
share the processor with it. Printed are the answers a second, how long one took, how many requests failed, and the
memory of the server: after the first two seconds and at the end.
"""

import argparse
import base64
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import openai

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fixtures.models.numpy_checkpoint import Sizes, write_checkpoint

ROOT = Path(__file__).parents[1]
SIZES = Sizes(160, 448, 4, 160, 480, 4, 4, 160, 16, 2048, 16)
WARM_S = 2.0


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--model")
    parser.add_argument("--max-tokens", type=int, default=32)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        texts = [page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md")]
        model = asked.model or str(write_checkpoint(Path(place) / "small", SIZES, texts))
        with serving(model) as (url, process):
            report(url, process, asked.clients, asked.seconds, asked.max_tokens)


def report(url: str, process: int, clients: int, seconds: float, max_tokens: int) -> None:
    """Load the server, and print what came of it."""
    took, faults = list[float](), Counter[str]()
    end = time.monotonic() + seconds
    threads = [threading.Thread(target=ask, args=(url, n, end, max_tokens, took, faults)) for n in range(clients)]
    for thread in threads:
        thread.start()
    time.sleep(min(WARM_S, seconds / 2))
    before = resident_mib(process)
    for thread in threads:
        thread.join()
    after = resident_mib(process)
    middle, late = np.quantile(took, [0.5, 0.95]) if took else (np.nan, np.nan)
    print("| clients | s | answers | failed | answers a second | median s | 95th percentile s | MiB, then | MiB, end |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    rate = len(took) / seconds
    print(
        f"| {clients} | {seconds:g} | {len(took):,} | {faults.total()} | {rate:.1f} | {middle:.2f} | {late:.2f} "
        f"| {before:.0f} | {after:.0f} |"
    )
    for fault, count in faults.most_common():
        print(f"failed {count} times: {fault}")


def ask(url: str, place: int, end: float, max_tokens: int, took: list[float], faults: Counter[str]) -> None:
    """Ask again and again about one picture until the time is over."""
    noise = np.random.default_rng(place).integers(0, 256, (15, 20, 3), np.uint8)
    data = cv2.imencode(".png", cv2.resize(noise, (160, 120)))[1].tobytes()
    picture = {"url": f"data:image/png;base64,{base64.b64encode(data).decode()}"}
    words = {"type": "text", "text": f"How far is box {place} from the lamp?"}
    parts = [{"type": "image_url", "image_url": picture}, words]
    with openai.OpenAI(base_url=url, api_key="none", max_retries=0) as client:
        (model,) = client.models.list().data
        while (start := time.monotonic()) < end:
            messages = [{"role": "user", "content": parts}]
            try:
                client.post(
                    "/chat/completions",
                    cast_to=object,
                    body={"model": model.id, "messages": messages, "max_tokens": max_tokens},
                )
                took.append(time.monotonic() - start)
            except openai.OpenAIError as error:
                faults[str(error)[:200]] += 1


@contextmanager
def serving(model: str) -> Iterator[tuple[str, int]]:
    """Serve a model in a process of its own: its URL and the number of the process."""
    code = "from spatialvlm.cli import main; main()"
    command = [sys.executable, "-c", code, "serve", "--model", model, "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    environment.pop("SPATIALVLM_API_KEY", None)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr is not None
            yield process.stderr.readline().split()[0], process.pid
        finally:
            process.terminate()


def resident_mib(process: int) -> float:
    """Read how much memory a process holds."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
