"""captions: what the captions of things say, in words and classes; no model, the same on every machine.

noun_phrases     a caption -> its head noun and the words around it
noun_kinship     two nouns -> whether one thing may be called both
name_fitting     the captions of a thing, a text -> whether it may be what the text names
object_classes   the captions of a scene -> which of its things are of one class, or why nobody can tell
written_names    a name as a data set or a model writes it -> as people say it, or none
object_sizes     a caption -> what such a thing measures
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
from spatialvlm.captions.object_sizes import usual_size_m
from spatialvlm.captions.written_names import named

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
    "named",
    "noun_of",
    "plain_noun",
    "plural_of",
    "read",
    "telling",
    "usable",
    "usual_size_m",
]
