"""Apps: parse, call, print."""
