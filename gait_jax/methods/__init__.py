"""The methods, by the name that a configuration gives."""

from gait_jax.methods.colour_transfer import ColourTransfer
from gait_jax.methods.noise_gan import NoiseGAN
from gait_jax.methods.stgan import STGAN
from gait_jax.methods.wu2017 import Wu2017

METHODS = {
    "colour_transfer": ColourTransfer,
    "noise_gan": NoiseGAN,
    "stgan": STGAN,
    "wu2017": Wu2017,
}
