#!/bin/sh
# Submits one training for each of three rates and waits for all of them. As soon as one fails, the others are
# cancelled, and its exit code is ours. Arguments are options of every submit, such as --gpus 1.
set -u
runs=

give_up() {
  code=$?
  # shellcheck disable=SC2086 # names have no spaces
  [ -z "$runs" ] || kubectl submit cancel $runs
  exit "$code"
}

for rate in 0.01 0.1 1.0; do
  run=$(kubectl submit --detach -o name "$@" -- python train.py "$rate") || give_up
  runs="$runs $run"
done

# shellcheck disable=SC2086
kubectl submit wait $runs || give_up
