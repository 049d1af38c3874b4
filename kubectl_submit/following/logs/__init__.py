"""Lines of pods: every line once, in each worker's order, however often streams are cut.

`cursor` knows where to go on, `prefixed` whose line it is, `worker` how far one has been read,
`phases` what comes next for it, `batches` who is read together, `stalls` and `stream_end` what it
means that a stream is quiet or has ended; all of them are pure. `reader` runs the programs,
`streams` decides which.
"""

from kubectl_submit.following.logs.line_options import EVERY_LINE, LineOptions
from kubectl_submit.following.logs.streams import LogStreams

__all__ = ["EVERY_LINE", "LineOptions", "LogStreams"]
