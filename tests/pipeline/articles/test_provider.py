from __future__ import annotations

import pytest

from config.catalogue import Organisation
from pipeline.articles.provider import Provider, provider_of

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
            Provider("harbour-post.example", "The Harbour Post", "catalogue"),
        ),
        (
            "https://blog.labs.harbour-post.example/a",
            "harbour-post.example",
            None,
            Provider("labs.harbour-post.example", "Harbour Labs", "catalogue"),
        ),
        (
            "https://m.coast.example/a",
            "news.coast.example",
            "The Coast",
            Provider("news.coast.example", "The Coast", "source"),
        ),
        (
            "https://www.coast.example/a",
            "harbour-post.example",
            "The  Coast\n",
            Provider("coast.example", "The Coast", "page"),
        ),
        (
            "https://www.coast.co.uk/a",
            "harbour-post.example",
            None,
            Provider("coast.co.uk", "coast.co.uk", "page"),
        ),
        ("http://127.0.0.1:8000/a", "127.0.0.1", "Loop", Provider("127.0.0.1", "Loop", "source")),
    ],
)
def test_the_publisher_is_found(
    url: str, source: str, site_name: str | None, provider: Provider
) -> None:
    assert (
        provider_of(url, source_provider=source, organisations=KNOWN, site_name=site_name)
        == provider
    )


def test_an_unusable_address_has_no_publisher() -> None:
    with pytest.raises(ValueError, match="not a usable"):
        provider_of("mailto:x", source_provider="a.example", organisations={}, site_name=None)
