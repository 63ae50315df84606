"""Write `_redirects`: a line `FROM TO` for the page of each story that another one took over.

Runs in the site's folder, before Jekyll, which copies the file. Lines of earlier runs are kept:
`changes.jsonl` tells of the newest changes only. Needs Python alone.
"""  # noqa: INP001 -- a script of the site, no module of the program

import json
import re
from pathlib import Path

REDIRECTS = Path("_redirects")


def address(path: str) -> str:
    """Return where the page of a document is, as `permalink` in `_config.yml` puts it."""
    return re.sub(r"_news/(\d+)-(\d+)-(\d+)-(.+)\.md", r"/news/\1/\2/\3/\4/", path)


def last(start: str, moved: dict[str, str]) -> str:
    """Return where a chain of redirects ends."""
    passed = {start}
    end = moved[start]
    while end in moved and end not in passed:
        passed.add(end)
        end = moved[end]
    return end


def main() -> None:
    """Read the files of this folder and write the redirects."""
    documents = json.loads(Path("manifest.json").read_bytes())["documents"]
    pages = {one["story_id"]: address(one["path"]) for one in documents}
    live = {address(one["path"]) for one in documents if one["state"] == "live"}

    lines = REDIRECTS.read_text().splitlines() if REDIRECTS.exists() else []
    moved = dict(line.split() for line in lines)
    for line in Path("changes.jsonl").read_text().splitlines():
        change = json.loads(line)
        if change["kind"] == "merged" and change["into"] in pages:
            moved[address(change["path"])] = pages[change["into"]]

    # A story that came back answers for itself.
    moved = {start: end for start, end in moved.items() if start not in live}
    REDIRECTS.write_text("".join(f"{start} {last(start, moved)}\n" for start in sorted(moved)))


if __name__ == "__main__":
    main()
