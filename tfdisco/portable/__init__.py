"""Training where TensorFlow does not run: its step in a package, and the package's runner."""
