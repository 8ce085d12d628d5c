from fixtures.worlds.scalar_variant import scalar_variant

__all__ = ["scalar_variant"]
