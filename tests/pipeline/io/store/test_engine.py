from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import text

from pipeline.io.store import Store

#: One pair in twelve collided before the switch was tried again.
FILES, OPENERS = 100, 4


def test_many_that_open_a_new_file_at_once_all_get_in(tmp_path: Path) -> None:
    refused: list[Exception] = []

    def open_it(file: Path, together: threading.Barrier) -> None:
        store = Store(f"sqlite:///{file}")
        together.wait()
        try:
            with store.read() as tx:
                assert tx.scalar(text("PRAGMA journal_mode")) == "wal"
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is told below
            refused.append(error)
        finally:
            store.close()

    for number in range(FILES):
        together = threading.Barrier(OPENERS)
        file = tmp_path / f"{number}.db"
        threads = [threading.Thread(target=open_it, args=(file, together)) for _ in range(OPENERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert refused == []
