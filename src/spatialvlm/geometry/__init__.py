"""geometry: rigid transforms and cameras, the planes of a depth map, what a depth map says of its own noise."""
