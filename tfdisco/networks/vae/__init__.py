"""The coefficient VAEs: networks, their file, published weights."""

from tfdisco.networks.vae.vaes import FACTORS, CoefficientVAE, CoefficientVAEs

__all__ = ['FACTORS', 'CoefficientVAE', 'CoefficientVAEs']
