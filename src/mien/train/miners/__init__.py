"""Which triplets of a batch teach something: one file a miner.

A miner is called with squared distances (B,B), classes (B,) and the margin, and returns the rows of
anchors, positives and negatives, (T,) int64 each.
"""
