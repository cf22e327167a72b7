"""The paper's own architecture: StyleGAN (Karras et al. 2019)."""
