"""Celery only: the line of pipeline, driven by a broker."""
