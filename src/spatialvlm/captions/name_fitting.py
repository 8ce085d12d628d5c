"""What a name fits: the captions of a thing and a text in, whether a reader may take the thing for what it names out.

Silence denies nothing: a striped pillow may be blue. A thing is told from what a text names by another noun, or by what
a caption says otherwise: another colour, material, pattern, size or number, another sort of the noun.
"""

from collections.abc import Iterable
from functools import lru_cache

from spatialvlm.captions.noun_kinship import kinds_in, kinship, noun_of, parts_of
from spatialvlm.captions.noun_phrases import Words, read


@lru_cache(maxsize=1 << 18)
def allows(caption: str, text: str) -> bool:
    """Tell whether the noun of a caption, and the sort that it names of it, may be those of a text."""
    said, named = read(caption), read(text)
    match kinship(noun_of(said), noun_of(named)):
        case "same":
            return True
        case "kind":  # the thing is an armchair, the text says "the chair"
            return not kinds_in(named)
        case "general":
            return not kinds_in(said)
        case None:
            return False


@lru_cache(maxsize=1 << 16)
def denies(captions: tuple[str, ...], text: str) -> bool:
    """Tell whether the captions of a thing, taken together, say that it is not what a text names."""
    named, said = read(text), [read(caption) for caption in captions]
    if _exclude(named.senses, (pair for one in said for pair in one.senses)):
        return True
    worn = [own for one in said for own in one.worn]
    for noun in {noun for noun, *_ in named.worn}:
        mine = [(sense, meaning) for of, sense, meaning in named.worn if of == noun]
        if _exclude(mine, ((sense, meaning) for of, sense, meaning in worn if kinship(of, noun) == "same")):
            return True
    own, theirs = kinds_in(named), _sorts(said, noun_of(named))
    return bool(own and theirs) and own.isdisjoint(theirs)


def _sorts(said: Iterable[Words], noun: str) -> set[str]:
    """Gather the sorts of a noun that some captions name."""
    return {kind for one in said if kinship(noun_of(one), noun) == "same" for kind in kinds_in(one)}


def _exclude(mine: Iterable[tuple[str, str]], theirs: Iterable[tuple[str, str]]) -> bool:
    """Tell whether two lists of (sense, meaning) have a sense in common, but no meaning of it."""
    found: dict[str, set[str]] = {}
    for sense, meaning in theirs:
        found.setdefault(sense, set()).add(meaning)
    own: dict[str, set[str]] = {}
    for sense, meaning in mine:
        own.setdefault(sense, set()).add(meaning)
    return any(sense in found and found[sense].isdisjoint(meanings) for sense, meanings in own.items())


@lru_cache(maxsize=1 << 16)
def held_in(captions: tuple[str, ...]) -> frozenset[str]:
    """List the nouns that parts of a thing, or what is in it, may be called by: the pot of a plant."""
    said = [read(caption) for caption in captions]
    return frozenset().union(*(parts_of(noun_of(one)) | one.holds for one in said))


@lru_cache(maxsize=1 << 16)
def plain_noun(text: str) -> str | None:
    """Give the noun of a text, if that is all that it says of what sort a thing is."""
    named = read(text)
    return None if kinds_in(named) else noun_of(named)
