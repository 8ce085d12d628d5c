"""Why a fact is refused, and what each reason means: the words that counts, docs and answers use."""

from types import MappingProxyType

REASONS = MappingProxyType(
    {
        "gravity_unknown": "up is unknown: no gravity given and no support plane that its witnesses confirm",
        "no_support_plane": "there is no plane to count the height from",
        "relative_scale": "the scene has no metric scale",
        "truncated": "an object touches the image border, so its centre and size are unknown",
        "occluded": "an object is cut by something nearer, so its centre and size are unknown",
        "bottom_hidden": "an object's lowest point is out of sight, so its bottom and height are unknown",
        "below_support": "the object is below the support plane",
        "free_space_unknown": "the scene does not say where nothing stands: it was made by an earlier version",
        "no_surface": "no level surface that the object stands on is in sight",
        "no_free_place": "beside the object there is no free place in sight with room for a hand",
        "not_level": "the two have their bottoms at different heights, or not in sight",
        "too_near": "two objects are so near each other on the ground that nobody can stand at one and face the other",
        "nested": "one object's extent lies within the other's, like a cup on a table",
        "witnesses_disagree": "the second witness does not confirm the first",
        "too_close_to_call": "the difference is neither beyond the margin nor certainly within it",
        "too_small": "the length is below `min_length_m`, the angle below 2°, a box a sliver, or two are about level",
        "too_uncertain": "one sigma is more than `max_relative_error` of the length or angle",
        "class_uncounted": "the captions name parts, pairs or groups of the class, or its noun has no usual plural",
        "class_doubtful": "something of the class is hardly seen, a mere corner, or not lifted; or one has no caption",
        "class_disputed": "some captions of a thing, or some people, call it by the class and others do not",
        "class_large": "more than five things are of the class",
        "outweighed": "decided, but left out so that no answer is much more frequent in the scene than the others",
        "no_sure_point": "no point of the object is surely on it: it is too thin there, or cut up",
    }
)
CODES = MappingProxyType({reason: code for code, reason in enumerate(REASONS, 1)})
"""The number that stands for a reason in a Column; 0 is none. The first reason that applies is counted."""
