"""page: what reports are made of. HTML and SVG, and pictures with masks and labels drawn onto them."""
