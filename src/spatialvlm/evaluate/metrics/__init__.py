"""Metrics: many answers, or many scores of answers -> figures. Pure functions of arrays: no text, no files, no chance.

numbers     lengths and counts: ratio windows, relative error, mean relative accuracy; RULES, which score a number
angles      angles
hours       hours of a clock
choices     accuracy; all variants of a question right; accuracy above chance; means of means
points      places in the image: inside a polygon, one point or several
selective   what is gained by not answering; whether stated errors are true
bootstrap   95 % intervals of means and differences

What holds in all of them: an answer that cannot be read is NaN, scores 0 and stays in the denominator, unless a
docstring says otherwise; a figure that has no value (no rows, no variation) is NaN, without a warning, and None where
an interval was asked for. A limit is met within `numbers.SLACK` of itself, so that 0.3 against 0.2 counts as the ratio
1.5 that it is in decimals. Truths are finite.
"""
