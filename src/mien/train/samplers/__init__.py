"""Which examples make a batch: pure functions of seed and epoch, one file each.

A sampler is made from the targets (N,) and the batch size; ``epoch(seed, number)`` returns the
batches (B,batch) int64 of one epoch. Nothing is remembered, so that a run resumes anywhere.
"""
