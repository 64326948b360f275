"""What a face does over time, read from its series: one file a signal."""
