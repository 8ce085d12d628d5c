"""How many of a class? A whole number, from one on, of things that the question names by their class alone."""

from collections.abc import Mapping

from spatialvlm.kinds.forms.count import CountOf
from spatialvlm.kinds.kind import Kind


class ClassCount(CountOf):
    """The number of things of one class; those that count are its subjects, and `outcome` is their number."""

    name = "class_count"
    title = "How many of a class? (counts in view)"
    names_subjects = False

    def sections(self, kind: Kind) -> Mapping[str, str]:
        """Slots: [K] the class in the plural, [S] in the singular, [N] the number."""
        return {"question": "KS", "one": "KSN", "many": "KN"}


CLASS_COUNT = ClassCount()
