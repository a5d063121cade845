#!/bin/bash
# Crawls shards on this machine, a few at a time: CONTACT=you@university.example parallel.sh shards [AT_ONCE]
# With GNU parallel's --sshloginfile and a folder that all machines share it does so on several.
set -euo pipefail
shards=${1:?folder of shards}
for farms in "$shards"/farms-*.toml; do
  number=${farms##*/farms-}
  echo "${number%.toml}"
done | sort -n | parallel --jobs "${2:-2}" --joblog "$shards/crawled.log" --line-buffer \
  chaffinch crawl farm -a "farms=$shards/farms-{}.toml" -s "CORPUS=$shards/corpus-{}.db" -s "CONTACT=$CONTACT"
