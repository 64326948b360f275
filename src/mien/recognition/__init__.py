"""Recognition: compare templates and decide."""
