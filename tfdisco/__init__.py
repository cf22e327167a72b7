"""Disentangled and controllable face generation (DiscoFaceGAN) in TensorFlow 2."""

__version__ = "0.2.0"
