"""What beat sends: ticks, and an offer to keep house.

The database decides what is due and when house was kept last, so two beats do no harm, and a beat
that starts afresh has forgotten nothing. A tick offers again what got stuck and takes the
pages that are due for a second look: none of this needs an entry of its own.
"""

from __future__ import annotations

from typing import Any

from config.settings import Settings

#: Seconds; the house is kept once a day by whoever is asked first, and each question is one row.
_HOUSEKEEPING = 600.0


def beat_schedule(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return beat's schedule.

    No message of it expires by a clock: of those that have piled up the first is heeded, and the
    database says to the others that they come too soon.
    """
    period = settings.tick_every.total_seconds()
    return {
        "tick": {
            "task": "workers.tasks.tick",
            "schedule": period,
        },
        "housekeeping": {
            "task": "workers.tasks.housekeep",
            "schedule": _HOUSEKEEPING,
        },
    }
