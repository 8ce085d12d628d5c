"""Parse answers: what a model wrote -> what it said, and how that was read. No judge, no network, no chance.

extraction        the part of a long answer that answers: behind the thinking, in \\boxed{}, <answer>, JSON; refusals
length_answers    lengths in metres, with their errors where they are said
number_answers    numbers without a unit, in figures and in words; areas; hours of a clock
choice_answers    which of some options, by letter or by its words
yes_no_answers    yes or no
point_answers     places in the image
length_spans, numbers_in_text, units, relations    what these find in a text
"""
