"""From an encoder's levels to what tasks read: one file a decoder.

A decoder is made from the levels' widths, the number of tokens and the chip's side in px. It has
``dimension`` of a token, ``places`` the channels of the fine map, ``pooled`` the pooled width.
"""
