#!/usr/bin/env bash
# Many machines read, one reasons, under Slurm. Needs a folder that all of them see, or s3:// addresses.
#
#   deploy/slurm/faultline.sh <archive> <folder for the shards> <report.html> [shards]
#
# Submits an array, and a job that waits for all of it. A shard that fails is submitted again with: sbatch --array=<index> …
# FAULTLINE names the program (default: faultline). With FAULTLINE_LOCALLY set the same runs here and now, without Slurm.
set -euo pipefail

archive=$1 shards=$2 report=$3 count=${4:-10}
faultline=${FAULTLINE:-faultline}

# Exit 3 says that a file could not be read: the extract names it, and the report will.
extract="$faultline extract '$archive' --shard \"\$SLURM_ARRAY_TASK_ID/$count\" -o '${shards%/}/' || [ \$? -eq 3 ]"
merge="$faultline merge '${shards%/}/' --shards $count -o '$report' || [ \$? -eq 3 ]"

case $shards in s3://*) ;; *) mkdir -p "$shards" ;; esac
if [ -n "${FAULTLINE_LOCALLY:-}" ]; then
  for ((index = 0; index < count; index++)); do SLURM_ARRAY_TASK_ID=$index bash -c "$extract"; done
  exec bash -c "$merge"
fi
array=$(sbatch --parsable --job-name=faultline-extract --array="0-$((count - 1))" --requeue --cpus-per-task=1 --mem=4G --wrap "$extract")
sbatch --job-name=faultline-merge --dependency="afterok:$array" --cpus-per-task=1 --mem=8G --wrap "$merge"
