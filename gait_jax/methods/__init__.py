"""The methods, by the name that a configuration gives."""

from gait_jax.methods.noise_gan import NoiseGAN
from gait_jax.methods.stgan import STGAN

METHODS = {"noise_gan": NoiseGAN, "stgan": STGAN}
