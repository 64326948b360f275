"""Are explanations right: the inpainting game, whose true answer is known, and other trials."""
