"""models: boxes with names by one model, masks by another, captions by a third."""
