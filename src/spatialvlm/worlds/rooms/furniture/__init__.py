"""Furniture by category: chance enters, a `Furniture` leaves.

A new category costs one function in a module of this folder and one row here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spatialvlm.worlds.rooms.furniture import (
    appliances,
    beds,
    containers,
    cookware,
    decoration,
    electronics,
    fruit,
    kitchen_units,
    kitchenware,
    lamps,
    plants,
    robotics,
    seating,
    soft_furnishings,
    stationery,
    storage,
    tables,
    tableware,
    toys,
)
from spatialvlm.worlds.rooms.room import Furniture, Mount

LIVING, BEDROOM, OFFICE, KITCHEN = "living room", "bedroom", "office", "kitchen"
DESK_TOP, KITCHEN_TOP, ROBOT_TABLE = "desk top", "kitchen top", "robot table"


@dataclass(frozen=True, slots=True)
class Category:
    """How to make one, how it is held up, and the kinds of room in which it plausibly stands."""

    make: Callable[[np.random.Generator], Furniture]
    mount: Mount
    rooms: tuple[str, ...]


CATEGORIES: dict[str, Category] = {
    "table": Category(tables.table, "floor", (LIVING, KITCHEN)),
    "coffee table": Category(tables.coffee_table, "floor", (LIVING,)),
    "side table": Category(tables.side_table, "floor", (LIVING, BEDROOM)),
    "desk": Category(tables.desk, "floor", (OFFICE, BEDROOM)),
    "chair": Category(seating.chair, "floor", (LIVING, KITCHEN, OFFICE, BEDROOM)),
    "office chair": Category(seating.office_chair, "floor", (OFFICE, BEDROOM)),
    "armchair": Category(seating.armchair, "floor", (LIVING, BEDROOM)),
    "sofa": Category(seating.sofa, "floor", (LIVING,)),
    "stool": Category(seating.stool, "floor", (LIVING, KITCHEN, BEDROOM)),
    "bench": Category(seating.bench, "floor", (LIVING, KITCHEN, BEDROOM)),
    "bed": Category(beds.bed, "floor", (BEDROOM,)),
    "bookshelf": Category(storage.bookshelf, "floor", (LIVING, OFFICE, BEDROOM)),
    "cabinet": Category(storage.cabinet, "floor", (LIVING, OFFICE, KITCHEN)),
    "dresser": Category(storage.dresser, "floor", (BEDROOM,)),
    "nightstand": Category(storage.nightstand, "floor", (BEDROOM,)),
    "wardrobe": Category(storage.wardrobe, "floor", (BEDROOM,)),
    "tv stand": Category(storage.tv_stand, "floor", (LIVING,)),
    "counter": Category(kitchen_units.counter, "floor", (KITCHEN,)),
    "fridge": Category(kitchen_units.fridge, "floor", (KITCHEN,)),
    "stove": Category(kitchen_units.stove, "floor", (KITCHEN,)),
    "washing machine": Category(kitchen_units.washing_machine, "floor", (KITCHEN,)),
    "floor lamp": Category(lamps.floor_lamp, "floor", (LIVING, BEDROOM, OFFICE)),
    "tall plant": Category(plants.tall_plant, "floor", (LIVING, BEDROOM, OFFICE)),
    "rug": Category(soft_furnishings.rug, "floor", (LIVING, BEDROOM, OFFICE)),
    "bin": Category(containers.bin_, "floor", (OFFICE, KITCHEN, BEDROOM)),
    "basket": Category(containers.basket, "floor", (LIVING, BEDROOM, KITCHEN)),
    "box": Category(containers.box, "floor", (LIVING, BEDROOM, OFFICE)),
    "backpack": Category(soft_furnishings.backpack, "floor", (BEDROOM, OFFICE, LIVING)),
    "suitcase": Category(soft_furnishings.suitcase, "floor", (BEDROOM,)),
    "shoe": Category(soft_furnishings.shoe, "floor", (BEDROOM, LIVING)),
    "ball": Category(toys.ball, "floor", (LIVING, BEDROOM)),
    "teddy bear": Category(toys.teddy_bear, "floor", (BEDROOM, LIVING)),
    "toy robot": Category(toys.toy_robot, "floor", (BEDROOM, LIVING)),
    "toy car": Category(toys.toy_car, "floor", (BEDROOM, LIVING)),
    "toy truck": Category(toys.toy_truck, "floor", (BEDROOM, LIVING)),
    "television": Category(electronics.television, "top", (LIVING, BEDROOM)),
    "speaker": Category(electronics.speaker, "top", (LIVING, OFFICE, DESK_TOP)),
    "monitor": Category(electronics.monitor, "top", (OFFICE, DESK_TOP)),
    "laptop": Category(electronics.laptop, "top", (OFFICE, LIVING, DESK_TOP)),
    "keyboard": Category(electronics.keyboard, "top", (OFFICE, DESK_TOP)),
    "computer mouse": Category(electronics.computer_mouse, "top", (OFFICE, DESK_TOP)),
    "phone": Category(electronics.phone, "top", (OFFICE, LIVING, BEDROOM, DESK_TOP, KITCHEN_TOP)),
    "remote control": Category(electronics.remote_control, "top", (LIVING, BEDROOM)),
    "printer": Category(electronics.printer, "top", (OFFICE,)),
    "table lamp": Category(lamps.table_lamp, "top", (LIVING, BEDROOM, OFFICE, DESK_TOP)),
    "desk lamp": Category(lamps.desk_lamp, "top", (OFFICE, DESK_TOP)),
    "candle": Category(lamps.candle, "top", (LIVING, BEDROOM, KITCHEN_TOP)),
    "plant": Category(plants.plant, "top", (LIVING, BEDROOM, OFFICE, KITCHEN, DESK_TOP, KITCHEN_TOP)),
    "vase": Category(decoration.vase, "top", (LIVING, BEDROOM, KITCHEN)),
    "alarm clock": Category(decoration.alarm_clock, "top", (BEDROOM, DESK_TOP)),
    "globe": Category(decoration.globe, "top", (OFFICE, LIVING)),
    "book": Category(stationery.book, "top", (LIVING, BEDROOM, OFFICE, DESK_TOP)),
    "pencil cup": Category(stationery.pencil_cup, "top", (OFFICE, DESK_TOP)),
    "tissue box": Category(stationery.tissue_box, "top", (BEDROOM, LIVING, OFFICE, DESK_TOP)),
    "rubber duck": Category(toys.rubber_duck, "top", (BEDROOM, DESK_TOP)),
    "puzzle cube": Category(toys.puzzle_cube, "top", (BEDROOM, OFFICE, DESK_TOP)),
    "pillow": Category(soft_furnishings.pillow, "top", (LIVING, BEDROOM)),
    "mug": Category(kitchenware.mug, "top", (LIVING, OFFICE, KITCHEN, DESK_TOP, KITCHEN_TOP)),
    "cup": Category(tableware.cup, "top", (LIVING, KITCHEN, OFFICE, DESK_TOP, KITCHEN_TOP)),
    "bottle": Category(kitchenware.bottle, "top", (KITCHEN, OFFICE, DESK_TOP, KITCHEN_TOP)),
    "wine bottle": Category(kitchenware.wine_bottle, "top", (KITCHEN, KITCHEN_TOP)),
    "wine glass": Category(tableware.wine_glass, "top", (KITCHEN, LIVING, KITCHEN_TOP)),
    "bowl": Category(tableware.bowl, "top", (KITCHEN, LIVING, KITCHEN_TOP)),
    "plate": Category(tableware.plate, "top", (KITCHEN, KITCHEN_TOP)),
    "pitcher": Category(tableware.pitcher, "top", (KITCHEN, KITCHEN_TOP)),
    "jar": Category(tableware.jar, "top", (KITCHEN, KITCHEN_TOP)),
    "can": Category(tableware.can, "top", (KITCHEN, OFFICE, DESK_TOP, KITCHEN_TOP)),
    "cereal box": Category(tableware.cereal_box, "top", (KITCHEN, KITCHEN_TOP)),
    "pot": Category(cookware.pot, "top", (KITCHEN, KITCHEN_TOP)),
    "pan": Category(cookware.pan, "top", (KITCHEN, KITCHEN_TOP)),
    "kettle": Category(appliances.kettle, "top", (KITCHEN, KITCHEN_TOP)),
    "teapot": Category(cookware.teapot, "top", (KITCHEN, LIVING, KITCHEN_TOP)),
    "toaster": Category(appliances.toaster, "top", (KITCHEN, KITCHEN_TOP)),
    "microwave": Category(appliances.microwave, "top", (KITCHEN,)),
    "coffee machine": Category(appliances.coffee_machine, "top", (KITCHEN, OFFICE, KITCHEN_TOP)),
    "cutting board": Category(cookware.cutting_board, "top", (KITCHEN, KITCHEN_TOP)),
    "tray": Category(cookware.tray, "top", (KITCHEN, LIVING, KITCHEN_TOP)),
    "apple": Category(fruit.apple, "top", (KITCHEN, LIVING, OFFICE, DESK_TOP, KITCHEN_TOP)),
    "orange": Category(fruit.orange, "top", (KITCHEN, LIVING, OFFICE, DESK_TOP, KITCHEN_TOP)),
    "lemon": Category(fruit.lemon, "top", (KITCHEN, KITCHEN_TOP)),
    "pear": Category(fruit.pear, "top", (KITCHEN, KITCHEN_TOP)),
    "banana": Category(fruit.banana, "top", (KITCHEN, OFFICE, DESK_TOP, KITCHEN_TOP)),
    "pineapple": Category(fruit.pineapple, "top", (KITCHEN, KITCHEN_TOP)),
    "picture": Category(decoration.picture, "wall", (LIVING, BEDROOM, OFFICE, KITCHEN)),
    "clock": Category(decoration.clock, "wall", (LIVING, OFFICE, KITCHEN)),
    "workbench": Category(robotics.workbench, "floor", (ROBOT_TABLE,)),
    "cube": Category(robotics.cube, "top", (ROBOT_TABLE,)),
    "block": Category(robotics.block, "top", (ROBOT_TABLE,)),
    "small box": Category(robotics.small_box, "top", (ROBOT_TABLE,)),
    "gripper": Category(robotics.gripper, "air", (ROBOT_TABLE,)),
    "robot arm": Category(robotics.robot_arm, "air", (ROBOT_TABLE,)),
}
"""A name here may be narrower than the noun that such furniture is called by: a tall plant is a plant."""
