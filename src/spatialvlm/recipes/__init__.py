"""recipes: which stages run, with which settings.

recipe   a Recipe, and the tuple of stages that it stands for
named    the recipes by name, and the one that suits a source
roles    what models do in a recipe, and the backends that do it
"""

from spatialvlm.recipes.named import RECIPES, Overrides, parse_role, recipe_for, with_models, with_settings
from spatialvlm.recipes.recipe import Recipe
from spatialvlm.recipes.roles import ROLES

__all__ = ["RECIPES", "ROLES", "Overrides", "Recipe", "parse_role", "recipe_for", "with_models", "with_settings"]
