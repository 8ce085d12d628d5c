"""chains: Scene -> multi-step reasoning as data. Every step is a fact that was measured, or worked out from others.

    chains = chains_of(scene, 8, seed=0)
    replay(chains[0], scene) == chains[0].value

A chain is a question that takes several lengths, the steps, and a conclusion. `replay` computes it from a scene alone.
It is refused where its conclusion does not hold by three sigmas, with the errors carried through all steps, or where
the numbers as they are said would lead elsewhere.

    chain_records                      what a chain is, and its JSON
    uncertain_numbers, conclusions     numbers with errors through the steps, and what they come to
    replaying                          a chain from a scene alone
    fact_book, drafts                  the lengths of a scene; a chain in the making
    comparing summing dividing ...     the kinds, a file each with its wordings; `drawing` lists them
    fact_words, tellings, styles       how it is said
    drawing, chain_files               which chains are made; on disk
"""

from spatialvlm.chains.chain_files import ChainsWritten, read_chains, write_chains
from spatialvlm.chains.chain_records import (
    STYLES,
    Chain,
    Combine,
    Conclusion,
    Step,
    Style,
    chain_from_json,
    chain_to_json,
)
from spatialvlm.chains.drawing import CHAIN_KINDS, CHAIN_REASONS, Drawn, chains_of, draw_chains
from spatialvlm.chains.replaying import replay
from spatialvlm.chains.uncertain_numbers import UncertainNumber, Working

__all__ = [
    "CHAIN_KINDS",
    "CHAIN_REASONS",
    "STYLES",
    "Chain",
    "ChainsWritten",
    "Combine",
    "Conclusion",
    "Drawn",
    "Step",
    "Style",
    "UncertainNumber",
    "Working",
    "chain_from_json",
    "chain_to_json",
    "chains_of",
    "draw_chains",
    "read_chains",
    "replay",
    "write_chains",
]
