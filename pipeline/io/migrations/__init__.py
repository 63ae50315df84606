"""Migrations of the database; alembic reads them from here."""
