#!/bin/bash
# Crawls each shard as a task of a Slurm array job: sbatch --array=0-15 slurm.sh shards
# SHARDS is a folder on a disk of the node or a network file system with locks that work; see docs/scale.md.
#SBATCH --job-name=chaffinch
#SBATCH --cpus-per-task=2
#SBATCH --mem=2G
#SBATCH --time=24:00:00
#SBATCH --signal=B:INT@300
# What was not fetched when the time is up is due in the next job: five minutes before, the crawl is told to end.
set -euo pipefail
shards=${1:?folder of shards}
number=${SLURM_ARRAY_TASK_ID:?a task of an array job}
chaffinch crawl farm -a "farms=$shards/farms-$number.toml" -s "CORPUS=$shards/corpus-$number.db" -s "CONTACT=$CONTACT" &
trap 'kill -INT $!' INT TERM
wait $! || wait $!
