"""What an open-vocabulary detector is asked for by default: things with an extent of their own, indoors and outdoors.

No walls, skies or floors, which have no size; no parts of things.
"""

PROMPTS = (
    "chair", "armchair", "sofa", "stool", "bench", "table", "desk", "bed", "nightstand", "cabinet", "dresser",
    "wardrobe", "bookshelf", "shelf", "lamp", "television", "monitor", "laptop", "keyboard", "computer mouse",
    "phone", "printer", "speaker", "clock", "mirror", "picture", "refrigerator", "oven", "stove", "microwave",
    "dishwasher", "washing machine", "sink", "toilet", "faucet", "bottle", "wine glass", "cup", "mug", "bowl",
    "plate", "pot", "pan", "kettle", "jar", "can", "toaster", "coffee machine", "cutting board", "knife", "fork",
    "spoon", "tray", "basket", "box", "bag", "backpack", "handbag", "suitcase", "hat", "shoe", "book", "vase",
    "plant", "flower pot", "pillow", "towel", "toy", "teddy bear", "ball", "guitar", "trash can", "bucket", "ladder",
    "fire extinguisher", "apple", "banana", "orange", "bread", "cake", "pizza", "sandwich", "person", "dog", "cat",
    "bird", "car", "truck", "bus", "bicycle", "motorcycle", "boat", "train", "traffic light", "traffic sign",
    "fire hydrant", "street lamp", "mailbox", "tree", "cart", "forklift", "pallet", "barrel", "cone",
)  # fmt: skip
