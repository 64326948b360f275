"""What the unified model gives: one file a task, with its tokens, head and loss.

A task is made from the decoder's ``dimension``, ``places`` and ``pooled`` widths and the chip's
side in px. ``n_tokens``: how many tokens it reads; ``forward(tokens, encoded)`` gives what its
``losses(prediction, wanted)`` reads, which returns losses (B,) and for which examples anything is
known (B,) bool; ``finish`` gives the exported outputs by name, whose names are ``outputs``.
"""
