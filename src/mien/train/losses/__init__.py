"""What is made small: one file a loss.

A loss is made from LossFacts and its settings; ``forward(predictions (B,D), targets)`` returns one
value an example, (B,) float32, also for half-precision predictions and for an empty batch.
``averaged`` makes one number of them.
"""
