"""Named leases with fencing tokens: one clusterer per language, one writer per site."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from pipeline.io.schema import leases
from pipeline.io.store.statements import insert_missing


def take(tx: Connection, name: str, *, owner: str, now: datetime, lasts: timedelta) -> int | None:
    """Take the lease `name` and return its token; None while another owner holds it."""
    insert_missing(tx, leases, [{"name": name, "token": 0}])
    row = tx.execute(select(leases).where(leases.c.name == name).with_for_update()).one()
    if row.owner not in (None, owner) and row.until > now:
        return None
    token: int = row.token + 1
    tx.execute(
        update(leases)
        .where(leases.c.name == name)
        .values(owner=owner, token=token, until=now + lasts)
    )
    return token


def once_in(tx: Connection, name: str, *, now: datetime, every: timedelta) -> bool:
    """Say whether `every` has gone by since this last said so, to whomever."""
    insert_missing(tx, leases, [{"name": name, "token": 0}])
    row = tx.execute(select(leases).where(leases.c.name == name).with_for_update()).one()
    if row.until is not None and row.until > now:
        return False
    tx.execute(update(leases).where(leases.c.name == name).values(until=now + every))
    return True


def put_off(tx: Connection, name: str, *, until: datetime) -> None:
    """Let `once_in` say no until then."""
    tx.execute(update(leases).where(leases.c.name == name).values(until=until))


def renew(tx: Connection, name: str, token: int, *, until: datetime) -> None:
    """Keep a lease for longer, if it is still ours."""
    tx.execute(
        update(leases).where(leases.c.name == name, leases.c.token == token).values(until=until)
    )


def holds(tx: Connection, name: str, token: int) -> bool:
    """Say, inside the saving transaction, whether nobody took the lease since."""
    row = tx.execute(select(leases.c.token).where(leases.c.name == name).with_for_update()).one()
    return bool(row.token == token)


def give_back(tx: Connection, name: str, token: int) -> None:
    """Let the next one have it at once."""
    tx.execute(
        update(leases)
        .where(leases.c.name == name, leases.c.token == token)
        .values(owner=None, until=None)
    )


def until(tx: Connection, name: str) -> datetime | None:
    """Return when a lease ends, None when nobody has it."""
    found: datetime | None = tx.scalar(select(leases.c.until).where(leases.c.name == name))
    return found
