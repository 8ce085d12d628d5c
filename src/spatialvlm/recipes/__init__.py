"""recipes: a recipe is a tuple of stages with their settings; the named ones."""
