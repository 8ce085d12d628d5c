"""How far left, behind, above? A length along the direction in which the question is true."""

from spatialvlm.kinds.forms.length import LengthOf


class Difference(LengthOf):
    """The size of quantity of A - quantity of B, asked only where its sign is the kind's."""

    name = "difference"
    title = "How much farther? (differences)"
    directed = True


DIFFERENCE = Difference()
