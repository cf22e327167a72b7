"""A page to play with a generator."""
