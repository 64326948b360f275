"""Why: what in a picture speaks for a match or a reading, what against, and how sure that is."""
