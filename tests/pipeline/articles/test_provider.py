from __future__ import annotations

import pytest

from config.catalogue import Organisation
from pipeline.articles.provider import provider_of

KNOWN = {
    organisation.domain: organisation
    for organisation in (
        Organisation(domain="harbour-post.example", name="The Harbour Post", quality=40),
        Organisation(domain="labs.harbour-post.example", name="Harbour Labs", quality=30),
    )
}


@pytest.mark.parametrize(
    ("url", "source", "site_name", "provider"),
    [
        (
            "https://www.harbour-post.example/a",
            "other.example",
            "HP",
            ("harbour-post.example", "The Harbour Post"),
        ),
        (
            "https://blog.labs.harbour-post.example/a",
            "harbour-post.example",
            None,
            ("labs.harbour-post.example", "Harbour Labs"),
        ),
        (
            "https://m.coast.example/a",
            "news.coast.example",
            "The Coast",
            ("news.coast.example", "The Coast"),
        ),
        (
            "https://www.coast.example/a",
            "harbour-post.example",
            "The  Coast\n",
            ("coast.example", "The Coast"),
        ),
        ("https://www.coast.co.uk/a", "harbour-post.example", None, ("coast.co.uk", "coast.co.uk")),
        ("http://127.0.0.1:8000/a", "127.0.0.1", "Loop", ("127.0.0.1", "Loop")),
    ],
)
def test_the_publisher_is_found(
    url: str, source: str, site_name: str | None, provider: tuple[str, str]
) -> None:
    assert (
        provider_of(url, source_provider=source, organisations=KNOWN, site_name=site_name)
        == provider
    )


def test_an_unusable_address_has_no_publisher() -> None:
    with pytest.raises(ValueError, match="not a usable"):
        provider_of("mailto:x", source_provider="a.example", organisations={}, site_name=None)
