"""reason: a picture and a composed question -> an answer, step by step, each of which can be checked.

calculator   an expression over measured values -> a value, which knows how it moves with each of them
workbook     what is known so far, under handles, with errors
"""

from spatialvlm.reason.calculator import Quantity, Verdict, calculate
from spatialvlm.reason.workbook import Entry, Workbook

__all__ = ["Entry", "Quantity", "Verdict", "Workbook", "calculate"]
