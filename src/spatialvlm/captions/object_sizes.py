"""What things measure: the range of the largest side of what a noun names, in metres.

Wide ranges, of what is sold and met with, small kinds and large ones; whole things in their usual pose. From common
knowledge, for a check of units: a length far outside of them is more likely wrong than rare.
"""

from spatialvlm.captions.noun_phrases import clean, read, word_set

_SIZES_M: dict[tuple[float, float], str] = {
    (0.01, 0.06): "coin button key ring marble battery dice",
    (0.02, 0.12): "egg strawberry cherry walnut ping-pong lime",
    (0.04, 0.20): "apple orange lemon tomato peach pear potato onion kiwi croissant muffin cupcake doughnut",
    (0.06, 0.22): "mug cup teacup smartphone phone cellphone wallet can tin soap mouse",
    (0.08, 0.35): "banana carrot cucumber spoon fork knife toothbrush pen pencil scissors glass jar hammer screwdriver",
    (0.10, 0.50): "bowl plate bottle vase book shoe sneaker sandwich pizza hat cap teapot kettle jug pitcher carafe",
    (0.15, 0.60): "toaster clock melon pumpkin cauldron colander helmet handbag purse football basketball",
    (0.20, 0.90): "laptop keyboard pan saucepan skillet pot backpack pillow cushion basket bucket cat microwave",
    (0.15, 1.20): "monitor printer stool ottoman suitcase guitar violin umbrella skateboard",
    (0.40, 1.40): "chair armchair sink toilet nightstand stove oven dishwasher washer highchair stroller",
    (0.40, 2.60): "dog sheep goat tv television desk dresser bathtub bicycle bike motorcycle motorbike scooter bench",
    (
        0.40,
        4.00,
    ): "table sofa couch loveseat bookshelf bookcase wardrobe refrigerator fridge bed mattress door cupboard",
    (0.40, 1.90): "boy girl child kid",
    (1.40, 2.20): "person man woman pedestrian cyclist",
    (1.00, 6.00): "car horse cow taxi suv pickup kayak canoe elephant",
    (2.00, 25.0): "van truck bus ambulance tractor tree lorry trailer minibus",
    (5.00, 90.0): "airplane aeroplane train tram yacht locomotive",
    (1.50, 30.0): "room kitchen bedroom bathroom hallway office garage",
}
_RANGES = {noun: range_m for range_m, nouns in _SIZES_M.items() for noun in nouns.split()}
_NOT_REAL = word_set("toy miniature model plush stuffed doll fake giant huge tiny mini picture painting drawing")
"""Words with which a noun names something of another size."""


def usual_size_m(caption: str) -> tuple[float, float] | None:
    """Look up the smallest and the largest that the largest side of a thing usually measures; None if nobody knows."""
    words = read(clean(caption))
    if not words.whole or words.plural or not _NOT_REAL.isdisjoint(words.all):
        return None
    return _RANGES.get(words.head)
