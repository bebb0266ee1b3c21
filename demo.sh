#!/usr/bin/env bash
# What `make demo` does: builds two CLIP bundles offline, lets each check itself, and asks the trained one a question.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

step() { printf '\n== %s\n' "$1"; }

step "build: the tiny CLIP trained in this repository, and ViT-B/32 in full size with random weights"
ascendc build recipes/tiny-clip.yaml recipes/clip-vit-b32-310.yaml

step "deploy.sh: each bundle checks itself on this host, as it will on the board"
build/tiny-clip/deploy.sh
build/clip-vit-b32-310/deploy.sh

step "ask the trained one: what does recipes/tiny-clip/red-square.png show?"
ascendc run build/tiny-clip --image recipes/tiny-clip/red-square.png \
  --texts "a red square" "a blue square" "a red circle" "a green triangle"

step "build again: there is nothing to do"
ascendc build recipes/clip-vit-b32-310.yaml

step "report: what was built, what float16 would do to it, how fast it is here"
ascendc forecast recipes/tiny-clip.yaml --json > build/tiny-clip.forecast.json
ascendc bench build/tiny-clip --batches 1 4 8 --num-runs 30 --rounds 1 --output build/tiny-clip.bench.json > build/bench.txt
ascendc report build/tiny-clip build/tiny-clip.forecast.json build/tiny-clip.bench.json -o build/report.html
