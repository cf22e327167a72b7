"""Disentangled and controllable face generation (DiscoFaceGAN) in TensorFlow 2."""

__version__ = "0.1.0"
