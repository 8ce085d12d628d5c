"""captions: what the captions of things say, in words and classes; no model, the same on every machine.

noun_phrases     a caption -> its head noun and the words around it
noun_kinship     two nouns -> whether one thing may be called both
name_fitting     the captions of a thing, a text -> whether it may be what the text names
object_classes   the captions of a scene -> which of its things are of one class, or why nobody can tell
"""

from spatialvlm.captions.name_fitting import allows, denies, held_in, plain_noun
from spatialvlm.captions.noun_kinship import kinship, noun_of
from spatialvlm.captions.noun_phrases import (
    CUTS,
    Words,
    clean,
    cleaned,
    read,
    telling,
    usable,
)
from spatialvlm.captions.object_classes import ObjectClass, classes_of, plural_of

__all__ = [
    "CUTS",
    "ObjectClass",
    "Words",
    "allows",
    "classes_of",
    "clean",
    "cleaned",
    "denies",
    "held_in",
    "kinship",
    "noun_of",
    "plain_noun",
    "plural_of",
    "read",
    "telling",
    "usable",
]
