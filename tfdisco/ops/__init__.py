"""Native operations, each with a reference implementation in TensorFlow."""
