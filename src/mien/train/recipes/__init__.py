"""mien's own recipes: each a module with RECIPE."""
