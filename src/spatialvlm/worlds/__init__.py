"""worlds: drawn scenes whose geometry is exact: furnished rooms, and simple solids."""
