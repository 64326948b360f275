"""From a backbone's features to what is learned: one file a head.

A head is made from the number of features and the number of classes. ``forward`` returns what
losses read, ``finish`` what the exported model gives, by name; ``dimension`` is its width.
"""
