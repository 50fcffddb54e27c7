"""The evaluators, by the name that a configuration gives."""

from gait_jax.evaluation.evaluators.after_colouring import AfterColouring
from gait_jax.evaluation.evaluators.attackers import Attackers
from gait_jax.evaluation.evaluators.base import Evaluator
from gait_jax.evaluation.evaluators.claims import Claims
from gait_jax.evaluation.evaluators.colour import Colour
from gait_jax.evaluation.evaluators.frame_score import FrameScore
from gait_jax.evaluation.evaluators.identification import Identification
from gait_jax.evaluation.evaluators.incomplete import Incomplete
from gait_jax.evaluation.evaluators.inversion import Inversion
from gait_jax.evaluation.evaluators.mos import MeanOpinion
from gait_jax.evaluation.evaluators.naturalness import Naturalness
from gait_jax.evaluation.evaluators.noise_people import NoisePeople
from gait_jax.evaluation.evaluators.noise_share import NoiseShare
from gait_jax.evaluation.evaluators.realism import Realism
from gait_jax.evaluation.evaluators.video_score import VideoScore

EVALUATORS: dict[str, type[Evaluator]] = {
    "after_colouring": AfterColouring,
    "attackers": Attackers,
    "claims": Claims,
    "colour": Colour,
    "frame_score": FrameScore,
    "identification": Identification,
    "incomplete": Incomplete,
    "inversion": Inversion,
    "mos": MeanOpinion,
    "naturalness": Naturalness,
    "noise_people": NoisePeople,
    "noise_share": NoiseShare,
    "realism": Realism,
    "video_score": VideoScore,
}
