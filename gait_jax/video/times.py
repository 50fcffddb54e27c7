"""When each frame is shown, whatever a file's time stamps say."""

from fractions import Fraction

import av

# Seconds, and frames, that nothing is shown: more is where two recordings were joined, in streams
# whose time stamps may begin anew anywhere.
LONGEST_GAP = 10, 100
JOINED = frozenset({"mpeg", "mpegts"})


class Times:
    """Times of a film's frames, given in the order in which they are shown.

    They increase. Where a file's do not, or leap as they do where recordings were joined, a frame
    lasts as long as the one before it.
    """

    def __init__(self, container: av.container.InputContainer, rate: Fraction):
        """Looks at what kind of a file it is.

        Args:
          container: the file.
          rate: frames a second.
        """
        # AVI says in which order frames are decoded, not when they are shown: what FFmpeg gives as
        # the time of a picture that others were decoded before is that of its data.
        self._by_decoding = container.format.name == "avi"
        self._step = 1 / rate
        longest = max(Fraction(LONGEST_GAP[0]), LONGEST_GAP[1] * self._step)
        self._longest = longest if container.format.name in JOINED else None
        self._before: Fraction | None = None
        self._shown: Fraction | None = None

    def __call__(self, frame: av.VideoFrame) -> Fraction:
        """Seconds after the first frame at which the next one is shown."""
        stamp = frame.dts if self._by_decoding else frame.pts
        given = None if stamp is None else stamp * Fraction(frame.time_base)
        if self._shown is None:
            self._before, self._shown = given, Fraction(0)
            return self._shown
        if given is not None and self._before is not None:
            step = given - self._before
            if step > 0 and not (self._longest and step > self._longest):
                self._step = step
        self._before = given
        self._shown += self._step
        return self._shown

    def duration(self, frame: av.VideoFrame) -> Fraction:
        """Seconds that a frame is shown; 0 where the file does not say."""
        if self._by_decoding:
            return Fraction(0)
        return (frame.duration or 0) * Fraction(frame.time_base)
