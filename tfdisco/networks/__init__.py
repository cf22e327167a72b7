"""Networks: coefficient VAEs, and what generators are made of."""
