"""The Celery application: a doorbell. What is to be done stands in the database.

Settings follow what was measured with Celery 5.7 on Redis: late acknowledgement together with
reject_on_worker_lost loses nothing when a child is killed, and everything is idempotent because
the stages are. Messages hold lists of ids, nothing else, and results are never kept.
"""

from __future__ import annotations

from pathlib import Path

from celery import Celery

from config.load import load_settings
from workers.routing import QUEUES, route
from workers.schedule import beat_schedule

_settings = load_settings(Path())

app = Celery(
    "newsloom",
    broker=_settings.broker_url.get_secret_value(),
    # Both are imported before Celery would set up logging of its own.
    include=["workers.tasks", "workers.logs"],
    task_cls="workers.bell:Bell",
)
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    # A failure is written down by the stage: its message is done with.
    task_acks_on_failure_or_timeout=True,
    worker_prefetch_multiplier=1,
    # A stage's batch takes seconds; what takes so long hangs.
    task_time_limit=600,
    task_soft_time_limit=540,
    broker_transport_options={
        # Twice the longest hard limit of a task (clustering), so that none is given out while it
        # runs. Nothing waits for it to end: the next tick rings again for what was stranded.
        "visibility_timeout": 7200,
        # Stranded messages are looked for each 10 s; kombu's own throttle makes that 100 s.
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        # A Redis that hangs, or left without a word, blocks nobody for longer.
        "socket_timeout": 10,
        "socket_connect_timeout": 10,
        "socket_keepalive": True,
    },
    broker_connection_retry_on_startup=True,
    # For ever: a worker that gives up is one more thing to restart.
    broker_connection_max_retries=None,
    # With REMAP_SIGTERM=SIGQUIT (docker-compose.yml) SIGTERM gives what runs so long to end, then
    # hands its messages back.
    worker_soft_shutdown_timeout=5.0,
    # Libraries leak; in KiB. The clusterer's window needs more: docker-compose.yml gives it that.
    worker_max_tasks_per_child=300,
    worker_max_memory_per_child=512 * 1024,
    worker_hijack_root_logger=False,
    enable_utc=True,
    timezone="UTC",
    task_queues=QUEUES,
    task_default_queue="control",
    # A queue that is misspelt on a worker's command line would be served for ever, and empty.
    task_create_missing_queues=False,
    task_routes=(route,),
    beat_schedule=beat_schedule(_settings),
    # Beat remembers nothing, so it needs no file: the database knows what is due.
    beat_scheduler="celery.beat.Scheduler",
)
