"""How the rooms benchmark was chosen: what only a maintainer runs, by ../select_rooms.py and ../rooms_truth.py.

true_lengths       a room -> what is measured of it beside what is true there; the true lengths of questions
candidates         a room -> the questions about it that exact truth confirms, of what is seen and what is there
selection          many candidates -> a choice balanced by kind, by answer and by size
definition_file    the choice -> the text of `rooms.json`
blind_guesses      how well one guesses without looking

The second set, by ../select_rooms_plus.py:

composed_candidates    a room -> the composed questions about it that exact truth confirms
name_learner           what a learner makes of names alone
composed_selection     the plan, and a choice with balanced answers and names that tell nothing
"""
