"""evaluate: a model and a benchmark -> scores with confidence intervals, deterministic and without a judge.

    items       what is asked: a question, its pictures, the truth, and what a model is prompted with
    tasks/      a file per benchmark: its rows -> items, its official rule
    models/     who answers: a model behind inspect_ai, weights by path, recorded answers, baselines
    reading/    what a model wrote -> what it said, and how that was read
    scoring     an item and an answer -> a score by our rule and by the official one
    metrics/    many scores -> figures with 95 % intervals
    report/     figures -> a table, a page with plots, a comparison of two models
    annotate/   people answer the questions: human truth

Only `models/` and the tasks of inspect_ai need the extra `evaluate`; items, reading, scoring and metrics are pure
functions of their input, without torch and without a network.
"""
