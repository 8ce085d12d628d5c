"""reason: a picture and a composed question -> an answer, step by step, each of which can be checked.

calculator   an expression over measured values -> a value with its error
"""

from spatialvlm.reason.calculator import Quantity, Verdict, calculate

__all__ = ["Quantity", "Verdict", "calculate"]
