"""TensorBoard's event files, in `tensorboard/`."""

from gait_jax.runtime.writers.base import Writer, check_extra, earlier

# Its hyperparameters stand in a folder of their own; a start that follows adds to the same.
_CONFIGURATION = "configuration"
# Seconds until what was taken is in the file. The library hands it to a thread, for which its own
# flush does not wait; a checkpoint takes longer than this to be whole.
_FLUSH = 0.05


class TensorBoard(Writer):
    """Writes by tensorboardX, which needs no TensorFlow."""

    def __init__(self, workdir, start):
        check_extra("tensorboardX", "tensorboard", "tensorboard")
        import tensorboardX

        folder = workdir / "tensorboard"
        new = not folder.is_dir()
        # TensorBoard leaves out what earlier files hold of this step and later ones.
        self._board = tensorboardX.SummaryWriter(
            str(folder), purge_step=start + 1 if start else None, flush_secs=_FLUSH
        )
        for step, values, images in earlier(workdir, 0, start) if new else ():
            self.scalars(step, values)
            self.images(step, images)

    def hyperparameters(self, values):
        known = {
            name: value if isinstance(value, (bool, int, float, str)) else str(value)
            for name, value in values.items()
        }
        self._board.add_hparams(known, {}, name=_CONFIGURATION)

    def scalars(self, step, values):
        for name, value in values.items():
            self._board.add_scalar(name, value, step)

    def images(self, step, images):
        for name, image in images.items():
            self._board.add_image(name, image, step, dataformats="HWC")

    def finish(self):
        self._board.close()
