"""By example: who of a set a face looks most like, and what about it makes it so."""
