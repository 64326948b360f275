"""From pixels, or rows, to features: one file a backbone.

A backbone takes inputs (B,C,H,W) float32 0..255, or (B,F), does its own scaling, and returns
features (B,width); ``width`` is its attribute. It is made from the inputs' shape, (C,H,W) or (F,).
"""
