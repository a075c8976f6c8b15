"""The daemon, and the thin client side that editors import (protocol, errors, paths, client)."""
