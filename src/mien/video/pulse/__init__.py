"""The pulse in the colour of skin: a research output, with reasons where it is not measurable."""
