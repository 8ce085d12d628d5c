"""Our own benchmark: fixed rendered rooms with fixed questions whose answers are beyond dispute.

    definition           what was chosen, from `rooms.json`: seed, rooms, questions, true lengths, hashes
    composed_questions   a second set about the same rooms, from `rooms_plus_questions.tsv`
    build                the definition -> a dataset folder like any other, checked against the hashes
    benchmark_console    the same with its progress, for the command line

How `rooms.json` was made, and that guessing blind is worthless: benchmarks/choose_rooms/.
"""
