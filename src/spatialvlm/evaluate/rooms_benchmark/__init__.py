"""benchmark: fixed rendered rooms with fixed questions whose answers are beyond dispute; guessing blind is worthless.

    truth        a room -> what is measured of it beside what is true there; the true lengths of questions
    candidates   a room -> the questions about it that exact truth confirms, of what is seen and what is there
    selection    many candidates -> a choice balanced by kind, by answer and by size
    definition   the choice in `rooms.json`: seed, rooms, questions, true lengths, the hashes of images and questions
    build        the definition -> a dataset folder like any other, checked against the hashes
    blind        how well one guesses without looking

The first three made `rooms.json` once (benchmarks/select_rooms.py); whoever uses the benchmark needs the others alone.
"""
