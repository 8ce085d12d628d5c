"""Plans of rooms: an `Arrangement` of an empty room enters and is furnished; one function for each kind of room."""

from collections.abc import Callable
from dataclasses import dataclass

from spatialvlm.worlds.rooms.camera_placement import choose_table_view, choose_view
from spatialvlm.worlds.rooms.placement import Arrangement, Span
from spatialvlm.worlds.rooms.plans.living_rooms import bedroom, living_room
from spatialvlm.worlds.rooms.plans.offices_and_kitchens import desk_top, kitchen, kitchen_top, office
from spatialvlm.worlds.rooms.plans.robot_tables import robot_table
from spatialvlm.worlds.rooms.room import Texture, View


@dataclass(frozen=True, slots=True)
class Plan:
    """A kind of room: how it is furnished, its usual sizes, floors, and how often it is drawn.

    `furnish` returns the thing that the camera is to look at in a `close` view, else None; `look` chooses a view of it,
    the best of so many.
    """

    furnish: Callable[[Arrangement], int | None]
    width_m: Span
    length_m: Span
    floors: tuple[Texture, ...]
    weight: float
    close: bool = False
    look: Callable[[Arrangement, int | None, int], View | None] = choose_view


PLANS: dict[str, Plan] = {
    "living room": Plan(living_room, (3.8, 5.4), (3.8, 5.6), ("planks", "planks", "weave"), 0.22),
    "bedroom": Plan(bedroom, (3.2, 4.6), (3.4, 4.8), ("planks", "weave"), 0.17),
    "office": Plan(office, (3.0, 4.6), (3.2, 4.8), ("planks", "weave", "weave"), 0.17),
    "kitchen": Plan(kitchen, (3.4, 4.8), (3.6, 5.2), ("tiles", "tiles", "planks"), 0.18),
    "desk top": Plan(desk_top, (2.8, 4.2), (3.0, 4.4), ("planks", "weave"), 0.13, close=True),
    "kitchen top": Plan(kitchen_top, (3.0, 4.4), (3.2, 4.8), ("tiles", "planks"), 0.13, close=True),
}

ROBOT_TABLE = Plan(robot_table, (2.6, 4.2), (2.8, 4.4), ("planks", "tiles", "weave"), 1.0, True, choose_table_view)
"""Beside the others: no room of theirs is drawn from it."""
