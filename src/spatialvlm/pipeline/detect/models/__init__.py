"""models: boxes with names by one model, masks by another, names by a third."""
