"""report: scored items -> figures, a table in the terminal, a page with plots, a comparison of two runs.

    rows        scored items -> columns
    measures    columns -> figures: counts, means, lengths, directions, places, stated errors
    figures     a task and its scored items -> all of its figures; summary.json
    published   what the paper reports of its own models, to stand beside ours
    table       figures -> a table in the terminal
    charts, bars              figures -> inline SVG
    examples    scored items -> the few that people should see
    sections, cases, page     a run's folder -> index.html
    compare, duel             two runs -> what differs, and whether that can be told; its table and its page

The same scored items give the same figures and the same bytes, in whichever order they come.
"""
