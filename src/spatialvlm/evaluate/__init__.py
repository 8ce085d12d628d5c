"""evaluate: a model and a benchmark -> scores with confidence intervals, deterministic and without a judge.

    items             what is asked: a question, its pictures, the truth, and what a model is prompted with
    tasks/            a file per benchmark: its rows -> items, its official rule
    rooms_benchmark/  our own benchmark: fixed rendered rooms with fixed questions
    models/           who answers: a model behind inspect_ai, weights by path, a file of answers, baselines
    parsing/          what a model wrote -> what it said, and how that was parsed
    scoring           an item and an answer -> a score by our rule and by the official one
    own_scoring       a question of ours, which stands alone, and an answer -> a score
    row_reward        the same of rows of data, as trainers call it
    free_questions    a question without a truth and an answer -> the value that is stated
    own_wordings      a question in a wording of ours -> its kind and the names in it
    templated_facts   the same, and a scene whose objects are known -> the fact that it asks for
    metrics/          many scores -> figures with 95 % intervals
    evaluation        all of it: a model and some tasks -> a folder of results
    results           that folder, written and read
    report/           figures -> a table, a page with plots, a comparison of two models
    item_export       items -> files for other harnesses

Only `models/` and the tasks of inspect_ai need the extra `evaluate`; items, parsing, scoring and metrics are pure
functions of their input, without torch and without a network. Importing this costs next to nothing: what a name needs
is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from spatialvlm.evaluate.tasks import TASKS, load_task

if TYPE_CHECKING:
    from spatialvlm.evaluate.evaluation import evaluate
    from spatialvlm.evaluate.evaluation_console import compare_on_console, evaluate_with_progress, write_items
    from spatialvlm.evaluate.free_questions import read_answer
    from spatialvlm.evaluate.item_export import item_from_row, write_parquet, write_tsv
    from spatialvlm.evaluate.items import Item
    from spatialvlm.evaluate.models import AskConfig
    from spatialvlm.evaluate.own_scoring import score
    from spatialvlm.evaluate.own_wordings import KnownQuestion, known_question
    from spatialvlm.evaluate.parsing.length_spans import find_lengths
    from spatialvlm.evaluate.results import Results, read_results
    from spatialvlm.evaluate.rooms_benchmark.benchmark_console import build_with_progress
    from spatialvlm.evaluate.rooms_benchmark.definition import load_definition
    from spatialvlm.evaluate.row_reward import spatial_reward
    from spatialvlm.evaluate.scoring import Scored, score_item
    from spatialvlm.evaluate.tasks.task import Task
    from spatialvlm.evaluate.templated_facts import AskedFacts, FoundFact, fact_asked_for, facts_to_ask_for

__all__ = [
    "TASKS",
    "AskConfig",
    "AskedFacts",
    "FoundFact",
    "Item",
    "KnownQuestion",
    "Results",
    "Scored",
    "Task",
    "build_with_progress",
    "compare_on_console",
    "evaluate",
    "evaluate_with_progress",
    "fact_asked_for",
    "facts_to_ask_for",
    "find_lengths",
    "item_from_row",
    "known_question",
    "load_definition",
    "load_task",
    "read_answer",
    "read_results",
    "score",
    "score_item",
    "spatial_reward",
    "write_items",
    "write_parquet",
    "write_tsv",
]


def __getattr__(name: str) -> Any:
    match name:
        case "evaluate":
            module = "evaluation"
        case "compare_on_console" | "evaluate_with_progress" | "write_items":
            module = "evaluation_console"
        case "read_answer":
            module = "free_questions"
        case "item_from_row" | "write_parquet" | "write_tsv":
            module = "item_export"
        case "Item":
            module = "items"
        case "KnownQuestion" | "known_question":
            module = "own_wordings"
        case "find_lengths":
            module = "parsing.length_spans"
        case "AskConfig":
            module = "models"
        case "Results" | "read_results":
            module = "results"
        case "build_with_progress":
            module = "rooms_benchmark.benchmark_console"
        case "load_definition":
            module = "rooms_benchmark.definition"
        case "score":
            module = "own_scoring"
        case "spatial_reward":
            module = "row_reward"
        case "Scored" | "score_item":
            module = "scoring"
        case "Task":
            module = "tasks.task"
        case "AskedFacts" | "FoundFact" | "fact_asked_for" | "facts_to_ask_for":
            module = "templated_facts"
        case _:
            raise AttributeError(f"module 'spatialvlm.evaluate' has no attribute {name!r}")
    return getattr(import_module(f"spatialvlm.evaluate.{module}"), name)
