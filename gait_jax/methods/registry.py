"""The methods, by the name that a configuration gives."""

from gait_jax.methods.anonymizers.dcgan import DCGAN
from gait_jax.methods.anonymizers.noise_gan import NoiseGAN
from gait_jax.methods.anonymizers.stand_in import StandIn
from gait_jax.methods.anonymizers.stgan import STGAN
from gait_jax.methods.anonymizers.stgan_printed import PrintedSTGAN
from gait_jax.methods.anonymizers.stgan_twins import TwinSTGAN
from gait_jax.methods.anonymizers.tieu2017 import Tieu2017
from gait_jax.methods.base import Method
from gait_jax.methods.colourisers.colour_transfer import ColourTransfer
from gait_jax.methods.colourisers.dcgan_colour import DCGANColour
from gait_jax.methods.embeddings.gait_windows import GaitWindows
from gait_jax.methods.inverters.contours import ContourInversion
from gait_jax.methods.onlookers.resnext3d import ResNeXt3D
from gait_jax.methods.recognisers.gaitbase import GaitBase
from gait_jax.methods.recognisers.gaitpart import GaitPart
from gait_jax.methods.recognisers.gaitset import GaitSet
from gait_jax.methods.recognisers.side_channels import SideChannels
from gait_jax.methods.recognisers.wu2017 import Wu2017
from gait_jax.methods.recognisers.zheng2011 import Zheng2011

METHODS: dict[str, type[Method]] = {
    "colour_transfer": ColourTransfer,
    "contour_inversion": ContourInversion,
    "dcgan": DCGAN,
    "dcgan_colour": DCGANColour,
    "gait_windows": GaitWindows,
    "gaitbase": GaitBase,
    "gaitpart": GaitPart,
    "gaitset": GaitSet,
    "noise_gan": NoiseGAN,
    "resnext3d": ResNeXt3D,
    "side_channels": SideChannels,
    "stand_in": StandIn,
    "stgan": STGAN,
    "stgan_printed": PrintedSTGAN,
    "stgan_twins": TwinSTGAN,
    "tieu2017": Tieu2017,
    "wu2017": Wu2017,
    "zheng2011": Zheng2011,
}
