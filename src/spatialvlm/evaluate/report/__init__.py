"""report: scored items -> figures, a table in the terminal, a page with plots, a comparison of two runs.

    rows          scored items -> columns
    measures      columns -> figures: counts, means, lengths, directions, places, stated errors
    figures       a task and its scored items -> all of its figures; summary.json
    paper         what the paper reports of its own models, to stand beside ours
    run_tables    figures -> tables in the terminal, and figures as people read them
    run_charts    figures and answers -> rows and plots
    examples      scored items -> the few that people should see, with their pictures
    sections, run_page   a run's folder -> index.html
    paired        two runs -> what differs, and whether that can be told
    comparison    that -> its tables in the terminal and its page

The same scored items give the same figures and the same bytes, in whichever order they come.
"""
