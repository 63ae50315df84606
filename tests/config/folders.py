"""Small installations and catalogues, written out for one test."""

from __future__ import annotations

from pathlib import Path

SOURCES = """
[[source]]
id = "post-tech"
feed = "https://post.example/tech.xml"
provider = "post.example"
title = "The Post: Technology"
"""
ORGANISATIONS = """
[[organisation]]
domain = "post.example"
name = "The Post"
quality = 30
"""
TOPICS = """
[[topic]]
name = "AI"
keywords = ["AI"]

[[topic]]
name = "Robotics"
parent = "AI"
keywords = ["robot"]
"""
SITES = """
[[site]]
name = "ai"
topics = ["AI"]
out = "ai"
"""


def catalogue_in(folder: Path, **texts: str) -> Path:
    """Write a catalogue that is right but for `texts` (file name without suffix = text)."""
    files = {
        "sources": SOURCES,
        "organisations": ORGANISATIONS,
        "topics": TOPICS,
        "sites": SITES,
        **texts,
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def installation_in(folder: Path, text: str) -> Path:
    """Write a newsloom.toml and return its folder."""
    (folder / "newsloom.toml").write_text(text, encoding="utf-8")
    return folder
