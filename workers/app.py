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

app = Celery("newsloom", broker=_settings.broker_url.get_secret_value(), include=["workers.tasks"])
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    # A stage's batch takes seconds; half of the visibility timeout keeps redelivery away from it.
    task_time_limit=600,
    task_soft_time_limit=540,
    broker_transport_options={"visibility_timeout": 3600, "socket_timeout": 10},
    broker_connection_retry_on_startup=True,
    worker_soft_shutdown_timeout=5.0,
    worker_max_tasks_per_child=300,
    worker_hijack_root_logger=False,
    enable_utc=True,
    timezone="UTC",
    task_queues=QUEUES,
    task_default_queue="control",
    task_routes=(route,),
    beat_schedule=beat_schedule(_settings),
)
