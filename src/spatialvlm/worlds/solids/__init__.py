"""solids: boxes, cylinders and balls on a floor or a table, ray-cast exactly."""
