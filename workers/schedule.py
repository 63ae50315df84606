"""What beat sends: ticks alone. The database decides what is due, so two beats do no harm."""

from __future__ import annotations

from typing import Any

from config.settings import Settings


def beat_schedule(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return beat's schedule; a message not taken within its period is worth nothing."""
    period = settings.tick_every.total_seconds()
    return {
        "tick": {
            "task": "workers.tasks.tick",
            "schedule": period,
            "options": {"expires": period},
        },
    }
