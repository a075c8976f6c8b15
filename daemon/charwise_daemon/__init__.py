"""The daemon, and the thin client side that editors import (protocol, errors, paths, client)."""

__version__ = "0.1.0"  # of the code that runs, all of charwise; reading metadata takes longer than connecting
