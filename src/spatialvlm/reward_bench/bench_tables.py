"""The figures of all sources in the terminal: a row a source, a column a figure, intervals below."""

import math
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from spatialvlm.reward_bench.measuring_run import RewardBenchConfig, run_reward_bench
from spatialvlm.reward_bench.reward_figures import Triple

Column = tuple[str, str, float, int]
TABLES: Mapping[str, tuple[Column, ...]] = {
    "Distances, over successes and failures": (
        ("Spearman", "spearman", 1, 2),
        ("MAE, cm", "mae_m", 100, 2),
        ("in 50-200 %", "within_50_200", 100, 0),
        ("in 2 sigma, %", "within_2_sigma", 100, 0),
        ("told, %", "told", 100, 0),
    ),
    "Pairs of frames in their true order, %": (
        ("apart by 1 cm", "pairs_1cm", 100, 1),
        ("2 cm", "pairs_2cm", 100, 1),
        ("5 cm", "pairs_5cm", 100, 1),
    ),
    "Order in time (VOC)": (
        ("success", "voc_success", 1, 2),
        ("failed", "voc_failed", 1, 2),
        ("reversed", "voc_reversed", 1, 2),
        ("success - failed", "voc_gap", 1, 2),
    ),
    "Success, on scenes that set no threshold": (
        ("precision", "precision", 1, 2),
        ("recall", "recall", 1, 2),
        ("F1", "f1", 1, 2),
        ("AUROC", "auroc", 1, 2),
        ("FPR at 95 % TPR", "fpr95", 1, 2),
    ),
}


def reward_bench_on_console(out: Path, sources: list[str], config: RewardBenchConfig) -> None:
    """Measure with a line of progress on stderr, and print the tables."""
    with Console(stderr=True).status("episodes") as status:
        figures = run_reward_bench(out, sources, config, status.update)
    console = Console()
    for title, columns in TABLES.items():
        table = Table(title=title, title_justify="left")
        table.add_column("source")
        for heading, *_ in columns:
            table.add_column(heading, justify="right")
        for name, told in figures.items():
            table.add_row(name, *(shown(told[figure], factor, digits) for _, figure, factor, digits in columns))
        console.print(table)
    console.print(f"figures of every episode: {out / 'reward_bench.json'}", soft_wrap=True)


def shown(figure: Triple, factor: float, digits: int) -> str:
    """Say a figure, and its interval on the next line."""
    if not math.isfinite(figure[0]):
        return "-"
    value, low, high = (f"{number * factor:.{digits}f}" for number in figure)
    return f"{value}\n{low} to {high}"
