"""Reads the logs of pods: every line once, in each worker's order, across cut connections.

Pure modules: `cursor` resumes a log, `prefixed` assigns lines to pods, `worker` holds the state of
one log, `phases` its state machine, `batches` groups workers, `stalls` detects stuck streams, and
`stream_end` interprets the end of a stream. `reader` runs the programs, `streams` controls it.
"""

from kubectl_submit.following.logs.line_options import EVERY_LINE, LineOptions
from kubectl_submit.following.logs.streams import LogStreams

__all__ = ["EVERY_LINE", "LineOptions", "LogStreams"]
