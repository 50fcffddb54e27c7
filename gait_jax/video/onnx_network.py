"""Networks that somebody else trained, as ONNX files."""

import hashlib
import pathlib
from collections.abc import Sequence

import numpy as np

from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import read_regular, reason_of


class OnnxNetwork:
    """A loaded network of one input, or of another one besides that says its size; on CPUs.

    Attributes:
      name: of its file.
      shape: of its input; what is not a number may be of any size.
      wants_bytes: whether its input is uint8.
    """

    def __init__(self, path: pathlib.Path):
        """Loads it.

        Args:
          path: the file.

        Raises:
          InputError: ONNX Runtime is not installed, or the file is no ONNX model.
        """
        try:
            import onnxruntime  # An extra: only who asks for it needs it.
        except ImportError:
            raise InputError(
                f"{path} needs ONNX Runtime, which is not installed: pip install 'gait_jax[onnx]'"
            ) from None
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime raises classes of its own for damaged files.
            raise InputError(
                f"{path} is no ONNX model ({first_line(error)}): give another file"
            ) from None
        inputs = self._session.get_inputs()
        self.name = path.name
        self.shape, self.wants_bytes = list(inputs[0].shape), inputs[0].type == "tensor(uint8)"
        self._input, *self._told = [each.name for each in inputs]

    def __call__(self, given: np.ndarray, size: Sequence[int] = ()) -> list[np.ndarray]:
        """Computes all outputs of an input.

        Args:
          given: it.
          size: what a second input is told, where the network has one: rows and columns.

        Raises:
          InputError: it cannot be computed.
        """
        told = {name: np.array([size], np.float32) for name in self._told}
        try:
            return self._session.run(None, {self._input: given, **told})
        except Exception as error:  # Likewise, for what does not fit.
            raise InputError(
                f"{self.name} cannot compute an input {list(given.shape)} ({first_line(error)}): "
                "export it for inputs of this form"
            ) from None


def digest(path: pathlib.Path) -> str:
    """Names what a file holds.

    Raises:
      InputError: it cannot be read.
    """
    try:
        return hashlib.sha256(read_regular(path)).hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({reason_of(error)}): give an ONNX file") from None


def first_line(error: Exception) -> str:
    """What an error says, in one line."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
