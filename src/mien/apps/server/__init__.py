"""The HTTP server: typed routes over the library's own pipeline, galleries and types."""
