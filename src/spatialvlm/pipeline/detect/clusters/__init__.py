"""clusters: objects found from depth alone, what stands on the plane of a table or a floor."""
