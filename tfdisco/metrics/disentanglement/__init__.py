"""How well the factors of generated faces are kept apart."""
