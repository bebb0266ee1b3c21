from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest

ROOT = Path(__file__).parents[2]
TINY = ROOT / "recipes" / "tiny-clip.yaml"


@pytest.fixture
def recipe(tmp_path):
    """Write a recipe of the small ONNX model: every step, no torch."""

    def write(text="", name="colors.yaml"):
        path = tmp_path / name
        shipped = (ROOT / "recipes" / "onnx.yaml").read_text().replace("./colors/", f"{ROOT}/recipes/colors/")
        model = shipped[shipped.index("version:") : shipped.index("targets:")]
        path.write_text(f"{model}targets:\n  - soc: Ascend310\n{text}")
        return path

    return write


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_build_says_what_it_made_and_what_comes_next(ascendc, recipe):
    ran = ascendc("build", recipe())

    assert ran.code == 0
    lines = ran.out.splitlines()
    header = next(i for i, line in enumerate(lines) if line.startswith("part"))
    assert lines[header].split() == ["part", "target", "state", "batch", "size", "error", "time"]
    assert lines[header + 1].split()[:4] == ["model", "ascend310", "om-deferred", "1"]
    assert any(line.startswith("task verdict: ") for line in lines)
    assert any(re.fullmatch(r"build/colors: written in \d+\.\d s", line) for line in lines)
    assert "next: build/colors/deploy.sh    # checks the bundle, here or on the board" in lines
    assert any(line.startswith("OM deferred: no CANN toolkit was found") for line in lines)
    assert (Path("build/colors/manifest.json")).is_file()
    record = json.loads(Path("build/colors.build.json").read_text())
    assert {step["stage"] for step in record["steps"]} >= {"export", "fix", "verify", "package"}


def test_a_second_build_has_nothing_to_do_and_touches_nothing(ascendc, recipe):
    path = recipe()
    ascendc("build", path)
    before = {p: p.stat().st_mtime_ns for p in Path("build/colors").rglob("*")}

    ran = ascendc("build", path)

    assert re.search(r"build/colors: nothing to do, everything is up to date \(\d\.\d s\)", ran.out)
    assert "stored" in ran.err
    assert {p: p.stat().st_mtime_ns for p in Path("build/colors").rglob("*")} == before


def test_a_change_of_soc_runs_only_what_depends_on_it(ascendc, recipe):
    path = recipe()
    ascendc("build", path)

    ran = ascendc("build", path, "--json", "--set", "targets[0].soc=Ascend310P3")

    events = [json.loads(line) for line in ran.out.splitlines()]
    fresh = {e["stage"] for e in events if e["event"] == "step-finished" and not e["cached"]}
    assert fresh == {"check", "package"}


def test_a_bundle_that_was_damaged_is_mended(ascendc, recipe):
    path = recipe()
    ascendc("build", path)
    Path("build/colors/deploy.sh").write_text("echo hacked\n")

    ran = ascendc("build", path)

    assert "build/colors: written in" in ran.out
    assert "hacked" not in Path("build/colors/deploy.sh").read_text()


def test_files_that_no_build_made_are_moved_and_named(ascendc, recipe):
    path = recipe()
    ascendc("build", path)
    Path("build/colors/models/ascend310").mkdir()
    Path("build/colors/models/ascend310/notes.txt").write_text("mine")
    ran = ascendc("build", path, "--set", "targets[0].soc=Ascend310P3")
    assert re.search(
        r"^note: files in build/colors that no build had made are now in /.*/build/colors.kept$", ran.out, re.M
    )
    assert Path("build/colors.kept/models/ascend310/notes.txt").read_text() == "mine"


def test_a_name_that_means_another_is_noted(ascendc, recipe):
    ran = ascendc("build", recipe(), "--set", "targets[0].soc=Ascend910")
    assert re.search(r"^note: .*Ascend910A", ran.out, re.M)


def test_random_weights_are_said_after_the_verdict_and_travel(ascendc):
    ran = ascendc("build", TINY, "--set", "model.weights=random", "--set", "verify.samples=4", "--set", "model.seed=3")
    note = "weights are random (seed 3): answers mean nothing"
    lines = ran.out.splitlines()
    verdict = next(i for i, line in enumerate(lines) if line.startswith("task verdict: "))
    assert lines[verdict + 1] == f"note: {note}"
    assert json.loads(Path("build/tiny-clip/manifest.json").read_text())["model"]["notes"] == [note]


def test_json_is_one_event_a_line(ascendc, recipe):
    events = [json.loads(line) for line in ascendc("build", recipe(), "--json").out.splitlines()]
    assert events[0]["event"] == "build-started"
    assert events[-1] == {**events[-1], "event": "build-finished", "output": "build/colors", "changed": True}
    assert {"step-started", "step-finished"} <= {e["event"] for e in events}


def test_quiet_prints_nothing(ascendc, recipe):
    assert ascendc("build", "-q", recipe())[:3] == (0, "", "")


def test_a_dry_run_runs_nothing(ascendc, recipe):
    path = recipe()
    ran = ascendc("build", "--dry-run", path)
    assert ran.code == 0
    assert re.search(r"  export   model +will run\n", ran.out)
    assert re.search(r"  fix      model +after its inputs\n", ran.out)
    assert not Path("build").exists()

    ascendc("build", path)
    summary, *steps = ascendc("build", "--dry-run", path, "--set", "targets[0].batch=[1, 2]").out.splitlines()
    assert summary == f"{path}: ascend310: Ascend310, CANN unknown: model at 1,2 in fp16"
    assert {line.split()[0] for line in steps if not line.endswith("stored")} == {"check", "package"}


def test_a_dry_run_prints_the_notes(ascendc):
    ran = ascendc("build", "--dry-run", TINY, "--set", "model.weights=random", "--set", "targets[0].soc=310P")
    assert ran.out.splitlines()[:2] == [
        "note: --set targets[0].soc=310P: `310P` is taken as Ascend310P3, as on the Atlas 300I Pro, 300V and 300I Duo",
        "note: weights are random (seed 0): answers mean nothing",
    ]


@pytest.mark.parametrize("stage", ["export", "fix", "verify", "check", "compile"])
def test_until_lays_out_the_graphs(ascendc, recipe, stage):
    import onnx

    ran = ascendc("build", recipe(), "--until", stage)

    assert ran.code == 0
    onnx.checker.check_model(f"build/colors.{stage}/model.onnx")
    assert ("onnx-verified" in ran.out) == (stage in ("verify", "check"))


def test_require_om_without_atc(ascendc, recipe):
    path = recipe()
    ran = ascendc("build", "--require-om", path, "--set", "targets[0].batch=2", "-o", "build/a b")
    assert ran.code == 5
    assert ran.err.startswith("ascendc: ASC1001 --require-om: no OM can be compiled here: no CANN toolkit was found")
    hint = ran.err.splitlines()[-1].removeprefix("  hint: ").partition("  (without --require-om; ")[0]
    assert hint == f"ascendc build {path} --set targets[0].batch=2 -o 'build/a b'".replace(
        "targets[0].batch=2", "'targets[0].batch=2'"
    )
    assert not Path("build").exists()


def test_a_packed_bundle_is_no_recipe(ascendc, recipe):
    ascendc("build", recipe(), "-o", "build/it")
    ascendc("bundle", "pack", "build/it", "-o", "a b.tgz")
    for verb in ("build", "run"):
        ran = ascendc(verb, "a b.tgz")
        assert (ran.code, ran.err) == (
            2,
            (
                "ascendc: ASC1817 `a b.tgz` is a packed bundle; a bundle runs unpacked\n"
                "  hint: tar -xzf 'a b.tgz', then name the folder: ascendc run colors\n"
            ),
        )


def test_with_an_atc_the_om_is_compiled_and_packed(ascendc, recipe, cann):
    cann('echo compiled > "$output.om"; echo "ATC run success, welcome to the next use."')

    ran = ascendc("build", "--require-om", recipe())

    assert ran.code == 0, ran.err
    assert re.search(r"model +ascend310 +om-compiled +1 ", ran.out)
    assert "OM deferred" not in ran.out
    assert Path("build/colors/models/ascend310/model.om").read_text() == "compiled\n"
    assert "nothing to do" in ascendc("build", "--require-om", recipe()).out


def test_an_atc_that_fails_leaves_no_bundle_and_names_its_error(ascendc, recipe, cann):
    cann('echo "E16002: no parser"; echo "ATC run failed"; exit 255')

    ran = ascendc("build", recipe())

    assert ran.code == 3
    assert "E16002: no parser" in ran.err
    assert not Path("build/colors").exists()


def test_several_recipes(ascendc, recipe):
    ran = ascendc("build", recipe(name="one.yaml"), recipe(name="two.yaml"))
    assert ran.code == 0
    assert Path("build/one/manifest.json").exists()
    assert Path("build/two/manifest.json").exists()


def test_output_takes_one_recipe(ascendc, recipe):
    ran = ascendc("build", recipe(name="one.yaml"), recipe(name="two.yaml"), "-o", "x")
    assert ran.code == 2
    assert "-o/--output takes one recipe; several go to build/<bundle name> each" in ran.err


def test_a_folder_of_somebody_else_s_is_not_replaced(ascendc, recipe):
    Path("mine").mkdir()
    Path("mine/thesis.txt").write_text("years of work")
    ran = ascendc("build", recipe(), "-o", "mine")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (  # and no step before it
        "ascendc: ASC1804 `mine` holds something else than a bundle (its manifest.json is missing or not ours); "
        "it is not replaced\n"
        "  hint: choose another place with -o, or empty the folder\n"
    )
    assert Path("mine/thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("options", [(), ("--until", "fix")], ids=["bundle", "graphs"])
@pytest.mark.parametrize("output", ["mine", "mine/below"])
def test_a_file_is_refused_before_any_step(ascendc, recipe, options, output):
    Path("mine").write_text("years of work")
    ran = ascendc("build", recipe(), "-o", output, *options)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "ascendc: ASC1803 `mine` is a file; a bundle is a folder\n  hint: choose another place with -o\n"
    )
    assert Path("mine").read_text() == "years of work"


def test_paths_with_spaces_and_plus(ascendc, recipe, tmp_path):
    folder = tmp_path / "a b+c"
    folder.mkdir()
    path = recipe().rename(folder / "my recipe.yaml")
    ran = ascendc("build", path, "-o", folder / "out put")
    assert ran.code == 0, ran.err
    assert (folder / "out put" / "manifest.json").exists()
    assert f"next: '{folder}/out put'/deploy.sh" in ran.out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("passes: {add: [no-such-pass]}\n", r"colors.yaml:\d+: passes.add\[0\]: .*`no-such-pass`"),
        ("model2: {}\n", r"colors.yaml:\d+: model2: "),
    ],
    ids=["pass", "key"],
)
def test_a_recipe_that_is_refused_leaves_nothing(ascendc, recipe, text, message):
    ran = ascendc("build", recipe(text))
    assert ran.code == 2
    assert re.search(message, ran.err)
    assert not Path("build/colors").exists()


@pytest.fixture
def guest_pass(tmp_path, monkeypatch):
    """A pass of somebody else's, which makes the model wrong by half a percent."""
    site = tmp_path / "site"
    info = site / "guest-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: guest\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ascendc]\nguest = guest_pass_module\n")
    (site / "guest_pass_module.py").write_text("""
import numpy as np
import onnx_ir as ir
from ascendc import Pass, hookimpl

class Louder(Pass):
    NAME = "louder"
    WHY = "A test."
    def rewrite(self, model):
        [output] = model.graph.outputs
        node = output.producer()
        factor = ir.tensor(np.float32(1.005), name="factor")
        value = ir.val("factor", const_value=factor, dtype=factor.dtype, shape=factor.shape)
        model.graph.register_initializer(value)
        louder = ir.node("Mul", [node.outputs[0], value], name="louder")
        louder.outputs[0].name = output.name
        node.outputs[0].name = "quiet"
        louder.outputs[0].dtype, louder.outputs[0].shape = output.dtype, output.shape
        model.graph.append(louder)
        model.graph.outputs[0] = louder.outputs[0]
        return 1

@hookimpl
def ascendc_register_passes():
    return [Louder]
""")
    monkeypatch.syspath_prepend(site)


def test_a_wrong_graph_is_refused_and_leaves_nothing(ascendc, recipe, guest_pass):
    ran = ascendc("build", recipe("passes: {add: [louder]}\n"))
    assert ran.code == 4
    assert re.search(r"ASC1606 part `model`: output `\S+` is 0\.0\d+ of the median distance between samples", ran.err)
    assert "allowed: 0.0002" in ran.err
    assert not Path("build/colors").exists()


def test_a_missing_recipe(ascendc):
    ran = ascendc("build", "nope.yaml")
    assert (ran.code, ran.err) == (2, "ascendc: ASC1101 nope.yaml: cannot be read: No such file or directory\n")


def test_a_missing_recipe_gets_the_one_with_a_name_like_it(ascendc):
    Path("recipes").mkdir()
    for name in ("tiny-clip", "onnx"):
        Path(f"recipes/{name}.yaml").touch()
    ran = ascendc("build", "tiny-cilp.yaml")
    assert (ran.code, ran.err) == (
        2,
        (
            "ascendc: ASC1101 tiny-cilp.yaml: cannot be read: No such file or directory\n"
            "  hint: did you mean `recipes/tiny-clip.yaml`?\n"
        ),
    )


def test_a_folder_is_no_recipe_and_its_recipes_are_named(ascendc):
    Path("recipes").mkdir()
    for name in "abcde":
        Path(f"recipes/{name}.yaml").touch()
    ran = ascendc("build", "recipes")
    assert (ran.code, ran.err) == (
        2,
        (
            "ascendc: ASC1101 recipes: cannot be read: Is a directory\n"
            "  hint: did you mean `recipes/a.yaml`, `recipes/b.yaml`, `recipes/c.yaml`, `recipes/d.yaml` … "
            "(5 in all)?\n"
        ),
    )


@pytest.fixture
def drawing_fails(tmp_path, monkeypatch):
    """The plugin `toy`, whose samples() raises."""
    site = tmp_path / "guest-site"
    info = site / "toy_plugin-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-plugin\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[ascendc]\ntoy = toy_that_fails\n")
    (site / "toy_that_fails.py").write_text("""
from ascendc import Model, Part, Tensor, hookimpl

class Toy(Model):
    NAME = "toy"
    DEVICE = "ascendc_plugins.onnx.device"
    def parts(self):
        return (Part("main", (Tensor("x", "float32", ("batch", 3)),), (Tensor("y", "float32", ("batch", 3)),)),)
    def module(self, part, weights, attention="eager"):
        import torch
        return torch.nn.Identity().eval()
    def samples(self, n, seed):
        raise RuntimeError("cannot draw")
    def inputs(self, part, samples, weights): ...
    def judge(self, reference, candidate): ...

@hookimpl
def ascendc_register_models():
    return [Toy]
""")
    monkeypatch.syspath_prepend(site)
    recipe = tmp_path / "toy.yaml"
    recipe.write_text("version: 1\nmodel: {plugin: toy, source: x, weights: random}\ntargets: [{soc: Ascend310}]\n")
    return recipe


@pytest.mark.parametrize("verbose", [False, True])
def test_a_plugin_that_raises_is_named_and_traced_with_v(ascendc, drawing_fails, verbose):
    ran = ascendc("build", drawing_fails, *(["-v"] if verbose else []))
    assert ran.code == 3
    assert (
        "ascendc: ASC1305 model plugin `toy` of toy-plugin 0.1 raised in samples(): RuntimeError: cannot draw"
        in ran.err
    )
    assert ("Traceback" in ran.err) == verbose
    assert not Path("build/toy").exists()


def test_a_failure_is_an_event_too(ascendc, drawing_fails):
    events = [json.loads(line) for line in ascendc("build", drawing_fails, "--json").out.splitlines()]
    assert events[-1]["event"] == "build-failed"
    assert events[-1]["id"] == "ASC1305"


def test_the_last_event_says_what_the_table_says(ascendc, recipe):
    events = [json.loads(line) for line in ascendc("build", recipe(), "--json").out.splitlines()]
    [row] = events[-1]["artefacts"]
    assert (row["part"], row["target"], row["state"], row["batch"]) == ("model", "ascend310", "om-deferred", "1")
    assert events[-1]["verdicts"][0].startswith("top-1 agrees ")
    assert events[-1]["deferred"][0].startswith("no CANN toolkit was found")


def test_what_is_deferred_is_said_on_every_build(ascendc, recipe):
    path = recipe()
    first, second = ascendc("build", path).out, ascendc("build", path).out
    assert first[first.index("next: ") :] == second[second.index("next: ") :]
    assert "OM deferred: no CANN toolkit was found" in second


def test_two_recipes_with_one_bundle_name(ascendc, recipe, tmp_path):
    path = recipe()
    other = tmp_path / "other" / "colors.yaml"
    other.parent.mkdir()
    other.write_text(path.read_text())
    ran = ascendc("build", path, other)
    assert ran.code == 2
    assert f"ASC1005 {path} and {other} both make the bundle `colors`" in ran.err
    assert not Path("build").exists()


def test_until_compile_leaves_the_om(ascendc, recipe, cann):
    cann('echo compiled > "$output.om"; echo "ATC run success, welcome to the next use."')
    assert ascendc("build", recipe(), "--until", "compile").code == 0
    assert Path("build/colors.compile/model-ascend310.om").read_text() == "compiled\n"


def test_until_replaces_no_file_of_the_user_s(ascendc, recipe):
    Path("mine").mkdir()
    Path("mine/model.onnx").write_text("the source")
    ran = ascendc("build", recipe(), "--until", "fix", "-o", "mine")
    assert ran.code == 2
    assert Path("mine/model.onnx").read_text() == "the source"


def test_require_om_needs_a_stage_that_makes_one(ascendc, recipe):
    ran = ascendc("build", recipe(), "--require-om", "--until", "fix")
    assert ran.code == 2
    assert "ASC1006 --require-om asks for an OM, and --until fix stops before one is compiled" in ran.err


def test_the_current_folder_as_output(ascendc, recipe, tmp_path, monkeypatch):
    path = recipe()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for place in (".", ".."):
        ran = ascendc("build", path, "-o", place)
        assert ran.code == 2
        assert f"ASC1007 -o must not be the current folder or one above it, but `{place}` is" in ran.err


def record_of(output):
    record = json.loads(Path(f"{output}.build.json").read_text())
    jsonschema.validate(record, json.loads((ROOT / "docs" / "build.schema.json").read_text()))
    return record


def stream(ran):
    """The events on stdout, each a line of the schema in docs."""
    schema = json.loads((ROOT / "docs" / "events.schema.json").read_text())
    events = [json.loads(line) for line in ran.out.splitlines()]
    for event in events:
        jsonschema.validate(event, schema)
    return events


def test_a_stream_of_a_build_of_one_from_the_store_and_of_several(ascendc, recipe):
    one, two = recipe(name="one.yaml"), recipe(name="two.yaml")
    fresh = stream(ascendc("build", "--json", one))
    assert [e["event"] for e in fresh][:: len(fresh) - 1] == ["build-started", "build-finished"]
    assert fresh[0] == {**fresh[0], "recipe": str(one), "bundle": "one", "output": "build/one"}
    assert fresh[0]["steps"] == sum(e["event"] == "step-finished" for e in fresh)
    assert all(re.fullmatch("[0-9a-f]{64}", e["key"]) for e in fresh if e["event"] == "step-finished")

    stored = stream(ascendc("build", "--json", one))
    assert {e["event"] for e in stored} == {"build-started", "step-finished", "build-finished"}
    assert stored[-1]["changed"] is False

    both = stream(ascendc("build", "--json", one, two))
    ends = [(e["event"], e["recipe"]) for e in both if e["event"].startswith("build-")]
    assert ends == [(f"build-{what}", str(path)) for path in (one, two) for what in ("started", "finished")]


def test_a_stream_of_a_gate_s_refusal(ascendc, recipe, guest_pass):
    ran = ascendc("build", "--json", recipe("passes: {add: [louder]}\n"))
    assert ran.code == 4
    last = stream(ran)[-1]
    assert (last["event"], last["id"], last["log"]) == ("build-failed", "ASC1606", "build/colors.build.log")


def test_a_stream_of_a_recipe_that_is_refused(ascendc, recipe):
    path = recipe("model2: {}\n")
    ran = ascendc("build", "--json", path)
    assert ran.code == 2
    [event] = stream(ran)
    assert (event["event"], event["recipe"], event["log"]) == ("build-failed", str(path), None)
    assert ran.err.startswith(f"ascendc: {event['id']} {event['message']}")


def test_a_stream_of_two_recipes_with_one_bundle_name(ascendc, recipe, tmp_path):
    path = recipe()
    other = tmp_path / "other" / "colors.yaml"
    other.parent.mkdir()
    other.write_text(path.read_text())
    [event] = stream(ascendc("build", "--json", path, other))
    assert (event["event"], event["id"], event["recipe"]) == ("build-failed", "ASC1005", str(other))


def test_what_plugins_and_their_children_print_is_not_in_the_stream(started, recipe, guest_pass, tmp_path, monkeypatch):
    module = tmp_path / "site" / "guest_pass_module.py"
    talk = 'import os, subprocess; print("python"); os.write(1, b"C\\n"); subprocess.run(["echo", "child"])'
    module.write_text(module.read_text().replace("        return 1", f"        {talk}\n        return 1"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    child = started("build", "--json", recipe("passes: {add: [louder]}\n"))
    out, err = child.communicate(timeout=120)
    assert child.returncode == 4
    assert stream(SimpleNamespace(out=out))[-1]["id"] == "ASC1606"
    assert {"python", "C", "child"} <= set(err.splitlines())


def test_a_build_leaves_a_record(ascendc, recipe, tmp_path):
    path = recipe()
    ascendc("build", path, "-q", "--set", "targets[0].batch=2", "-o", "a b/it")
    record = record_of("a b/it")
    assert record["status"] == "done"
    assert record["command"] == f"ascendc build {path} -q --set 'targets[0].batch=2' -o 'a b/it'"
    assert record["overrides"] == ["targets[0].batch=2"]
    assert record["recipe_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert record["bundle_digest"] == hashlib.sha256(Path("a b/it/manifest.json").read_bytes()).hexdigest()
    assert {s["state"] for s in record["steps"]} == {"done"}
    if sys.platform == "linux":
        assert all(s["peak_rss_bytes"] > 1 << 24 for s in record["steps"])
        assert record["peak_rss_bytes"] == max(s["peak_rss_bytes"] for s in record["steps"])

    ascendc("build", path, "-q", "--set", "targets[0].batch=2", "-o", "a b/it")
    again = record_of("a b/it")
    assert (again["changed"], again["bundle_digest"]) == (False, record["bundle_digest"])
    assert (again["peak_rss_bytes"], {s["peak_rss_bytes"] for s in again["steps"]}) == (None, {None})
    assert {(s["stage"], s["key"]) for s in again["steps"]} == {(s["stage"], s["key"]) for s in record["steps"]}


def test_a_log_holds_what_steps_said_with_q_too(ascendc, recipe, cann):
    cann('echo "ATC start working now"; echo x > "$output.om"; echo "ATC run success, welcome to the next use."')
    assert ascendc("build", "-q", recipe())[:3] == (0, "", "")
    log = Path("build/colors.build.log").read_text()
    assert re.search(r"^ +\d+\.\d\d  compile model @ ascend310: ATC start working now$", log, re.M)
    assert re.search(r"^ +\d+\.\d\d  build/colors: written$", log, re.M)
    assert sorted(path.name for path in Path("build").iterdir()) == ["colors", "colors.build.json", "colors.build.log"]


def test_a_failed_build_leaves_log_and_record_and_names_the_log(ascendc, recipe, cann):
    path = recipe()
    ascendc("build", path)
    cann('echo "E16002: no parser"; echo "ATC run failed"; exit 255')
    ran = ascendc("build", path)
    assert ran.code == 3
    assert ran.err.splitlines()[-1] == "  log: build/colors.build.log"
    record = record_of("build/colors")
    assert (record["status"], record["error"]["id"]) == ("failed", "ASC1749")
    assert [s["stage"] for s in record["steps"] if s["state"] == "failed"] == ["compile"]
    log = Path("build/colors.build.log").read_text()
    assert "compile model @ ascend310: E16002: no parser\n" in log
    assert "  failed: ASC1749 " in log


@pytest.mark.parametrize("code", [0, 3], ids=["done", "failed"])
def test_log_and_record_that_cannot_be_written_are_notes(ascendc, recipe, cann, code):
    cann('echo ok > "$output.om"; echo "ATC run success"' if code == 0 else "exit 255")
    Path("build/colors.build.json/in the way").mkdir(parents=True)
    Path("build/colors.build.log").mkdir()
    ran = ascendc("build", recipe())
    assert ran.code == code
    said = ran.out if code == 0 else ran.err
    assert "note: the log build/colors.build.log cannot be written: Is a directory\n" in said
    assert "note: the record build/colors.build.json cannot be " in said
    assert "  log: " not in ran.err


@pytest.fixture
def started():
    """Start ``ascendc`` in a process of its own, where a signal can reach it."""
    children = []

    def start(*arguments, sigint=signal.default_int_handler):
        command = [sys.executable, "-m", "ascendc", *map(str, arguments)]
        child = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell's background job ignores SIGINT, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, sigint),
        )
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()


def until(stream, text):
    """Read up to a line that holds `text`."""
    for line in stream:
        if text in line:
            return
    raise AssertionError(text)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_says_how_to_go_on(started, tmp_path, sent):
    out = tmp_path / "a b"
    child = started("build", TINY, "-o", out)
    until(child.stderr, "export   image")
    child.send_signal(sent)
    rest = child.communicate(timeout=120)[1]
    assert child.returncode == 130
    command = f"ascendc build {TINY} -o '{out}'"
    assert re.search(
        rf"^ascendc: interrupted( during [a-z ,]+)?; what was done is kept\. Go on with: {re.escape(command)}\n\Z",
        rest,
        re.M,
    )
    assert not out.exists()
    record = record_of(out)
    assert (record["status"], record["command"]) == ("interrupted", command)
    assert ("export", "image", "done") in {(s["stage"], s["label"], s["state"]) for s in record["steps"]}
    assert f"Go on with: {command}\n" in Path(f"{out}.build.log").read_text()


def test_an_ignored_interrupt_stays_ignored(started, recipe):
    child = started("build", "--json", recipe(), sigint=signal.SIG_IGN)
    until(child.stdout, "build-started")
    child.send_signal(signal.SIGINT)
    assert '"build-finished"' in child.communicate(timeout=120)[0]
    assert child.returncode == 0


@pytest.fixture
def slow_atc(cann, tmp_path):
    """An ATC that says its process id and runs on; `stubborn`: through SIGTERM."""

    def install(*, stubborn=False):
        cann(f"{'trap : TERM; ' if stubborn else ''}echo $$ > {tmp_path}/pid; echo up; while :; do sleep 0.05; done")

    return install


def is_gone(pid):
    for _ in range(200):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def test_an_interrupted_stream_ends_with_how_to_go_on_and_atc_is_gone(started, recipe, slow_atc, tmp_path):
    slow_atc()
    path = recipe()
    child = started("build", "--json", path)
    until(child.stdout, '"line": "up"')
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130
    last = stream(SimpleNamespace(out=out))[-1]
    assert last == {
        "schema": "ascendc/events/1",
        "event": "build-interrupted",
        "recipe": str(path),
        "running": ["compile model @ ascend310"],
        "command": f"ascendc build --json {path}",
        "log": "build/colors.build.log",
        "notes": [],
    }
    assert err.endswith(
        "ascendc: interrupted during compile model @ ascend310; what was done is kept. "
        f"Go on with: ascendc build --json {path}\n"
    )
    assert is_gone((tmp_path / "pid").read_text().strip())
    assert [s["stage"] for s in record_of("build/colors")["steps"] if s["state"] == "running"] == ["compile"]


def test_a_second_interrupt_ends_all_at_once(started, recipe, slow_atc, tmp_path):
    slow_atc(stubborn=True)
    child = started("build", "--json", recipe())
    until(child.stdout, '"line": "up"')
    child.send_signal(signal.SIGINT)
    until(child.stderr, "ascendc: stopping; once more ends at once")
    for _ in range(200):  # until it waits for ATC
        if Path("build/colors.build.json").exists():
            break
        time.sleep(0.05)
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=60)
    assert child.returncode == 130
    assert is_gone((tmp_path / "pid").read_text().strip())
    assert record_of("build/colors")["status"] == "interrupted"


def test_the_tiny_clip_is_built_with_executable_scripts(ascendc):
    ran = ascendc("build", TINY, "--json", "--set", "verify.samples=4")
    events = [json.loads(line) for line in ran.out.splitlines()]
    stages = [e["stage"] for e in events if e["event"] == "step-finished"]
    assert stages.count("export") == 2
    assert stages.count("fix") == 2
    assert os.access("build/tiny-clip/deploy.sh", os.X_OK)


def test_what_the_store_finds_damaged_is_made_again_and_said(ascendc, recipe, tmp_path):
    path = recipe()
    ascendc("build", path)
    entry = next((tmp_path / "cache/entries/verify").iterdir())
    entry.write_text(entry.read_text()[:-100])
    graph = max((tmp_path / "cache/objects").glob("*/*"), key=lambda p: p.stat().st_size)
    graph.chmod(0o644)
    graph.write_bytes(b"torn")

    ran = ascendc("build", path)

    assert ran.code == 0
    assert f"note: entry verify/{entry.stem[:12]}… is torn; it was made again" in ran.out
    assert f"note: object {graph.name[:12]}… has other content than it was made with; it was made again" in ran.out
    assert "note: " not in ascendc("build", path).out


def test_a_source_that_vanishes_under_a_build(recipe, tmp_path):
    """Whoever reads it fails in his own way; the cause is named."""
    model = tmp_path / "colors.onnx"
    model.write_bytes((ROOT / "recipes/colors/colors.onnx").read_bytes())
    path = recipe()
    path.write_text(path.read_text().replace(f"{ROOT}/recipes/colors/colors.onnx", str(model)))
    command = [sys.executable, "-m", "ascendc", "build", path, "-o", tmp_path / "out"]
    program = (
        "import os, runpy, sys\nfrom ascendc.stages import export\nreal = export.export\n"
        f"from ascendc.plan import parts\nparts.export = lambda *a: (os.remove({str(model)!r}), real(*a))[1]\n"
        "sys.argv = ['ascendc', *sys.argv[1:]]\nrunpy.run_module('ascendc', run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", program, *command[3:]], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert (
        f"ascendc: ASC1905 {model} vanished while it was used; nothing that was made of it is kept\n"
        "  hint: put it back, then run the same command again\n" in done.stderr
    )
