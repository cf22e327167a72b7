"""What a picture of a face shows, seen by frozen, differentiable networks."""
