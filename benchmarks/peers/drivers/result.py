"""How a driver hands back what it found: one line of JSON."""

import json
import sys

MARK = "PEERS "


def tell(found, schedules, seconds, note=""):
    """Print whether a failure was ``found`` (None: the tool could not tell), in how many schedules and seconds."""
    line = MARK + json.dumps({"found": found, "schedules": schedules, "seconds": seconds, "note": note})
    print(line, file=sys.__stdout__, flush=True)
