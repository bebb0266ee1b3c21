from __future__ import annotations

import json

from ascendc.dry_run import dry_run
from benchmarks.targets import COUNTS, TARGETS


def test_the_eight_targets_are_a_recipe_with_two_opsets(tmp_path):
    recipe = tmp_path / "recipe.yaml"
    model = {"plugin": "clip", "source": "openai/clip-vit-base-patch32", "weights": "random"}
    recipe.write_text(json.dumps({"version": 1, "model": model, "targets": TARGETS}))
    found = dry_run(recipe)
    assert len(found.targets) == len(TARGETS) == COUNTS[-1]
    exports = [step.label for step in found.steps if step.stage == "export"]
    assert exports == ["image", "text", "image", "text"]
