"""Relations: faces, regions, attributes and people as a graph of measured, typed edges."""
