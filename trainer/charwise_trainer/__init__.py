"""Files on disk to bytes to weights. Knows nothing of sockets or editors; the only place that imports torch."""

import os

# Torch's threads on Linux (libgomp) wait for each other by spinning, hundreds of times in an LSTM's window. Beside
# other busy processes that costs most of the speed: 2x512 on two cores learns 11,600 characters/s alone, with a long or
# a short spin; beside a test suite 900 to 3,100 with the default, 3,500 to 5,800 with a short one. It is read when
# torch is imported, hence set before anything of ours is.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
