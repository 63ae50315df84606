"""The database behind a few transactions with names that read as questions."""

from pipeline.io.store.engine import Store

__all__ = ["Store"]
