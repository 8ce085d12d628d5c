"""Look at anything: one frame of a dataset in the terminal and as a picture."""
