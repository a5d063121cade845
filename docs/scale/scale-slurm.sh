#!/bin/bash
# Finds copies over shards as a Slurm array job, without a scheduler: sbatch --array=0-15 scale-slurm.sh shards.txt out
#SBATCH --job-name=chaffinch-scale
#SBATCH --cpus-per-task=1
#SBATCH --mem=4G
#SBATCH --time=24:00:00
set -euo pipefail
paths=${1:?file that lists the shards, one a line}
folder=${2:?folder that all tasks see}
exec chaffinch scale --paths "$paths" --to "$folder" --task "${SLURM_ARRAY_TASK_ID:?}/${SLURM_ARRAY_TASK_COUNT:?}"
