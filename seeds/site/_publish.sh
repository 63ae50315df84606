#!/bin/sh
# newsloom runs this in the site's folder after documents changed: sh _publish.sh [RSYNC-TARGET]
set -eu
python3 _merged.py
jekyll build --quiet --strict_front_matter
if [ $# -gt 0 ]; then
  rsync --archive --delete-after --delay-updates _site/ "$1"
fi
