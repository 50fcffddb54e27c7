"""Interlaced film: frames of two fields, filmed one after the other."""

from collections.abc import Iterator
from typing import Any

import av
import av.filter

# FFmpeg's Bob Weaver filter makes a frame of every frame, of those that say that they have fields.
_FILTER, _ARGUMENTS = "bwdif", "mode=send_frame:parity=auto:deint=interlaced"


def is_interlaced(frame: av.VideoFrame) -> bool:
    """Whether a frame says that it has two fields."""
    return bool(frame.interlaced_frame)


class Weaver:
    """Makes whole frames of two fields each."""

    def __init__(self, stream: av.VideoStream):
        """Takes the stream whose frames will come."""
        self._graph = av.filter.Graph()
        self._graph.link_nodes(
            self._graph.add_buffer(template=stream),
            self._graph.add(_FILTER, _ARGUMENTS),
            self._graph.add("buffersink"),
        ).configure()

    def __call__(
        self, frames: Iterator[tuple[av.VideoFrame, Any, Any]]
    ) -> Iterator[tuple[av.VideoFrame, Any, Any]]:
        """As many frames, in the same order, each with what came with it."""
        waiting = []
        for frame, *with_it in frames:
            waiting.append(with_it)
            self._graph.vpush(frame)
            yield from self._made(waiting)
        if waiting:
            self._graph.vpush(None)
            yield from self._made(waiting)

    def _made(self, waiting: list) -> Iterator[tuple[av.VideoFrame, Any, Any]]:
        while waiting:
            try:
                frame = self._graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return
            yield frame, *waiting.pop(0)
