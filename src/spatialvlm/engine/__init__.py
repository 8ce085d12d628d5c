"""engine: where a tuple of stages runs. The stages know nothing of it; the output does not depend on it.

executor    a tuple of stages over the indices of a source, reading and models overlapped
local       a recipe -> a dataset, shard by shard
pipeline    a recipe, loaded once -> what comes of a frame, an array, a picture, a folder
ask_stored  stored scenes -> questions in a folder of their own
workers     jobs in this process, or in a few worker processes
threads     work of one process spread over threads, in order
interrupts  Ctrl-C held back for a moment
progress_bar   what long commands show
"""

from spatialvlm.engine.ask_stored import ask
from spatialvlm.engine.executor import run
from spatialvlm.engine.local import build, build_recipe
from spatialvlm.engine.pipeline import Pipeline
from spatialvlm.engine.progress_bar import ProgressBar
from spatialvlm.engine.workers import Begin, Report, check_workers, run_jobs, silent

__all__ = [
    "Begin",
    "Pipeline",
    "ProgressBar",
    "Report",
    "ask",
    "build",
    "build_recipe",
    "check_workers",
    "run",
    "run_jobs",
    "silent",
]
