"""An installation's database stays bounded, but for what is kept for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.year import FOR_EVER, grown, months


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_what_is_kept_for_a_time_grows_no_more_after_four_months(tmp_path: Path) -> None:
    found = list(months(tmp_path, days=180, each=2))

    assert grown(found) == []
    sizes = [sum(size for name, size in month.bytes.items() if name in FOR_EVER) for month in found]
    assert sizes == sorted(sizes), "articles and documents are kept"
    of_articles = found[-1].bytes["articles"] / found[-1].rows["articles"]
    assert of_articles < 4_000, "of old texts no more than the opening stays"
