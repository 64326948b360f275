"""Random changes of pictures that move landmarks and masks with the pixels: one file each."""
