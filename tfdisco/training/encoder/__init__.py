"""Training of the encoder that gives an inversion its start."""
