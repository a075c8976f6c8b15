"""Whether the machine runs on its battery. Asked when it matters, never polled."""

import logging

log = logging.getLogger(__name__)


def is_on_battery() -> bool:
    """Tell whether the machine runs on its battery; one that has none, or does not say, does not."""
    import psutil  # noqa: PLC0415 - 4 MB that a daemon with nothing to train does not need

    try:
        battery = psutil.sensors_battery()
    except (AttributeError, OSError, ValueError) as error:  # a system without it; odd files of a driver
        log.debug("the battery cannot be asked: %s", error)
        return False
    return battery is not None and battery.power_plugged is False
