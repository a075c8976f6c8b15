"""Files on disk to bytes to weights. Knows nothing of sockets or editors; the only place that imports torch."""
