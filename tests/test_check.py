"""The facts of operators that CLIP meets, on towers of two narrow layers as the exporters write them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import jsonschema
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ascendc import check as checks
from ascendc import fixes
from ascendc.cann import soc
from ascendc.cann.operators.verdict import STATUSES, Remedy
from ascendc.cann.version import Cann
from ascendc.check import Asked, Finding, check_file, grouped
from ascendc.errors import UsageError
from ascendc.fixes import help_for
from ascendc.passes import LIBRARY

FIVE = ("Ascend310", "Ascend310P3", "Ascend310B4", "Ascend910A", "Ascend910B3")
FOLDER = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def towers(tmp_path_factory):
    """Export one tower: ``towers("text", 13)``; each once."""
    import torch
    from transformers import CLIPConfig, CLIPModel

    folder = tmp_path_factory.mktemp("towers")
    narrow = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    vision = {**narrow, "image_size": 32, "patch_size": 16}
    text = {**narrow, "vocab_size": 514, "bos_token_id": 512, "eos_token_id": 513, "pad_token_id": 513}

    class Image(torch.nn.Module):
        def __init__(self, clip):
            super().__init__()
            self.visual, self.proj = clip.vision_model, clip.visual_projection

        def forward(self, pixels):
            embeds = self.proj(self.visual(pixel_values=pixels).pooler_output)
            return embeds / embeds.norm(dim=-1, keepdim=True)

    class Text(torch.nn.Module):
        def __init__(self, clip):
            super().__init__()
            self.text, self.proj = clip.text_model, clip.text_projection

        def forward(self, ids, mask=None):
            embeds = self.proj(self.text(input_ids=ids, attention_mask=mask).pooler_output)
            return embeds / embeds.norm(dim=-1, keepdim=True)

    def export(part, opset, attention="eager", *, mask=False, dynamo=False, batch=False):
        path = folder / f"{part}-{opset}-{attention}-{mask}-{dynamo}-{batch}.onnx"
        if path.is_file():
            return path
        config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=24)
        for section in (config, config.text_config, config.vision_config):
            section._attn_implementation = attention
        torch.manual_seed(0)
        clip = CLIPModel(config).eval()
        ids = torch.full((1, 77), 513)
        if part == "image":
            module, feeds, names = Image(clip), (torch.rand(1, 3, 32, 32),), ["pixel_values"]
        else:
            feeds = (ids, torch.ones_like(ids)) if mask else (ids,)
            module, names = Text(clip), ["input_ids", "attention_mask"][: len(feeds)]
        options = {"dynamic_axes": {names[0]: {0: "batch"}}} if batch else {}
        options |= {"external_data": False} if dynamo else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            options |= {"opset_version": opset, "input_names": names, "output_names": ["embeds"], "dynamo": dynamo}
            torch.onnx.export(module, feeds, str(path), **options)
        return path

    return export


def ask(path, asked=None, socs=FIVE):
    """By SoC: status other than aicore → the operators of its nodes."""
    reports = check_file(path, [soc.resolve(name).soc for name in socs], asked).reports
    found = {}
    for report in reports:
        statuses = dict.fromkeys(finding.status for finding in report.findings)
        found[report.soc] = {s: sorted(f.op for f in report.findings if f.status == s) for s in statuses}
    return found


def everywhere(expected, **others):
    return {name: others.get(name, expected) for name in FIVE}


@pytest.mark.parametrize(("opset", "attention"), [(13, "eager"), (17, "eager"), (14, "sdpa")])
def test_the_image_tower_is_on_the_ai_core_everywhere(towers, opset, attention):
    assert ask(towers("image", opset, attention)) == everywhere({})


@pytest.mark.parametrize("opset", [13, 17])
def test_the_text_tower_pools_on_the_ai_cpu(towers, opset):
    assert ask(towers("text", opset)) == everywhere(
        {"aicpu": ["ArgMax"]}, Ascend310={"aicpu": ["Add", "ArgMax", "Equal"]}, Ascend910B3={}
    )


def test_a_guard_against_rows_without_an_entry(towers):
    assert ask(towers("text", 14, "sdpa", mask=True)) == everywhere(
        {"aicpu": ["ArgMax", "IsNaN", "IsNaN"]},
        Ascend310={"aicpu": ["Add", "ArgMax", "Equal", "IsNaN", "IsNaN"]},
        Ascend310B4={"aicpu": ["ArgMax"]},
        Ascend910B3={},
    )


def test_dynamo_writes_a_reduction_that_atc_does_not_know_at_18(towers):
    path = towers("text", 18, dynamo=True)
    assert ask(path) == everywhere({"opset": ["ReduceL2"], "aicpu": ["ArgMax"]}, Ascend910B3={"opset": ["ReduceL2"]})
    [report] = check_file(path, [soc.resolve("Ascend310P3").soc]).reports
    assert not report.ok
    assert report.opset == 18
    argmax = next(finding for finding in report.findings if finding.op == "ArgMax")
    assert (argmax.module, argmax.dtype) == ("text", "int32")


def test_open_shapes_on_310(towers):
    path = towers("image", 13, batch=True)
    assert ask(path) == everywhere({})  # bound to 1, as gears would be
    opened = ask(path, Asked(dynamic=True))
    assert {name: set(found) for name, found in opened.items()} == everywhere(set(), Ascend310={"static", "aicpu"})
    assert "Conv" in opened["Ascend310"]["static"]
    assert opened["Ascend310"]["aicpu"] == ["Equal", "Where"]


def test_floats_that_must_stay_on_310(towers):
    found = ask(towers("image", 13), Asked("must_keep_origin_dtype"), ["Ascend310"])["Ascend310"]
    assert found["cast"] == ["Conv"]
    assert set(found["aicpu"]) == {"ReduceMean"}


def test_the_module_of_a_torchscript_node(towers):
    [report] = check_file(towers("text", 14, "sdpa", mask=True), [soc.resolve("Ascend310").soc]).reports
    [guards] = [group for group in grouped(report) if group.ops == (("IsNaN", 2),)]
    assert guards.example == Finding(
        "/text/encoder/layers.0/self_attn/IsNaN",
        "IsNaN",
        "aicpu",
        None,
        None,
        "Ascend310 has no AI Core kernel for IsNan; AI CPU (TF kernels) has one",
        "text.encoder.layers.0.self_attn",
        "/text/encoder/layers.0/self_attn/IsNaN_output_0",
        "pass `drop-nan-guard` (passes: {add: [drop-nan-guard]} in a recipe); or export eager attention "
        "(export: {attention: eager} in a recipe)",
    )


# -- graphs as text ------------------------------------------------------------------------------------------------


@pytest.fixture
def save(tmp_path):
    def write(text, opset=13):
        path = tmp_path / "model.onnx"
        text = f'<ir_version: 8, opset_import: ["": {opset}]> {text}'
        path.write_bytes(onnx.parser.parse_model(text).SerializeToString())
        return path

    return write


def report_of(path, asked=None, name="Ascend310P3"):
    return check_file(path, [soc.resolve(name).soc], asked).reports[0]


def test_a_graph_above_the_last_opset_is_one_finding_of_all_operators(save):
    report = report_of(save("g (float[2] x) => (float[2] y) { a = Relu(x)  b = Relu(a)  y = Neg(b) }", opset=21))
    [group] = grouped(report)
    assert (group.ops, group.count) == ((("Relu", 2), ("Neg", 1)), 3)
    assert group.example.fix == (
        "export at opset 17 (export: {opset: 17} in a recipe); relabelling a graph does not help"
    )
    assert report.counts == {**dict.fromkeys(STATUSES, 0), "opset": 3}


def test_bodies_are_looked_into(save):
    text = """g (float[2] x, bool c) => (float[2] y) {
        y = If (c) <then_branch = t () => (float[2] a) { a = Gelu(x) },
                     else_branch = e () => (float[2] b) { b = Neg(x) }>
    }"""
    report = report_of(save(text))
    assert [(finding.op, finding.status) for finding in report.findings] == [("Gelu", "unmapped")]


def test_findings_stand_worst_first(save):
    text = """g (float[2] x) => (float[2] y, int64[2] i) {
        i = NonZero(x)
        n = IsNaN(x)
        q = DequantizeLinear(x, x)
        f = Cast <to = 1> (n)
        y = Add(q, f)
    }"""
    report = report_of(save(text))
    assert [finding.status for finding in report.findings] == ["unmapped", "aicpu", "aicpu"]


@pytest.mark.parametrize(
    ("text", "opset", "op", "status"),
    [
        ("{ n = ReduceL2 <keepdims = 0> (k)  y = Mul(x, n) }", 18, "ReduceL2", "opset"),
        ("{ n = HannWindow(s)  y = Relu(x) }", 17, "HannWindow", "unmapped"),
        ("{ n = Neg(k)  y = Add(x, n) }", 17, None, None),
    ],
)
def test_the_parser_reads_what_folding_removes(save, text, opset, op, status):
    report = report_of(save(f"g (float[2] x) => (float[2] y) <float[2] k = {{3, 4}}, int64 s = {{2}}> {text}", opset))
    assert [(finding.op, finding.status) for finding in report.findings] == ([(op, status)] if op else [])
    assert report.ok is (op is None)
    assert sum(report.counts.values()) == 1 + len(report.findings)
    for finding in report.findings:
        assert finding.fix.startswith("pass `fold-constants` (passes: {add: [fold-constants]} in a recipe); or fold")


def test_functions_are_looked_into_and_refused(tmp_path):
    path = tmp_path / "model.onnx"
    text = """<ir_version: 8, opset_import: ["": 13, "mine": 1]>
    g (float[2] x) => (bool[2] y) { a = mine.Guarded(x)  y = Not(a) }
    <opset_import: ["": 13], domain: "mine"> Guarded (v) => (w) { w = IsNaN(v) }"""
    path.write_bytes(onnx.parser.parse_model(text).SerializeToString())
    report = report_of(path)
    assert [(f.op, f.status) for f in report.findings] == [("mine::Guarded", "unmapped"), ("IsNaN", "aicpu")]
    assert report.findings[0].fix == (
        "pass `fold-constants` (passes: {add: [fold-constants]} in a recipe); or "
        "onnx.inliner.inline_local_functions(model) of Python's onnx"
    )


def test_a_function_that_calls_itself(tmp_path):
    path = tmp_path / "model.onnx"
    text = """<ir_version: 8, opset_import: ["": 13, "mine": 1]>
    g (float[2] x) => (float[2] y) { y = mine.Again(x) }
    <opset_import: ["": 13, "mine": 1], domain: "mine"> Again (v) => (w) { w = mine.Again(v) }"""
    path.write_bytes(onnx.parser.parse_model(text).SerializeToString())
    checked = check_file(path, [soc.resolve("Ascend310P3").soc])
    assert [note.partition(":")[0] for note in checked.notes] == [
        "shapes could not be inferred, so only recorded ones are known"
    ]
    [finding] = checked.reports[0].findings
    assert (finding.status, finding.fix) == ("unmapped", fixes.WORDS["functions"])


def test_names_that_are_taken(save):
    """By an input, by another node; in a body only by those of the body."""
    path = save("""g (float[2] x, bool c) => (float[2] y, float[2] z) {
        a = Relu(x)  b = Neg(a)  d = Abs(b)  z = Exp(d)
        y = If (c) <then_branch = t () => (float[2] e) { e = Neg(x) },
                     else_branch = f () => (float[2] h) { h = Neg(x) }>
    }""")
    model = onnx.load(path)
    for node, name in zip(model.graph.node, ["x", "twice", "twice", "once", "if"], strict=True):
        node.name = name
    for attribute in model.graph.node[4].attribute:
        attribute.g.node[0].name = "once"
    onnx.save(model, path)
    report = report_of(path)
    assert [(f.node, f.status) for f in report.findings] == [("x", "name"), ("twice", "name"), ("twice", "name")]
    assert not report.ok


def test_the_name_of_a_weight_that_is_listed_as_an_input_is_free(save):
    """ATC makes no input of it."""
    path = save("g (float[2] x, float[2] w) => (float[2] y) { y = Add(x, w) }")
    model = onnx.load(path)
    model.graph.initializer.append(onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, [2], [1, 2]))
    model.graph.node[0].name = "w"
    onnx.save(model, path)
    assert report_of(path).ok


def test_onnx_s_domain_by_its_long_name(save):
    path = save("g (float[2] x) => (float[2] y) { y = ai.onnx.Relu(x) }")
    model = onnx.load(path)
    model.opset_import[0].domain = "ai.onnx"
    assert model.graph.node[0].domain == "ai.onnx"
    onnx.save(model, path)
    report = report_of(path)
    assert (report.opset, report.counts["aicore"]) == (13, 1)


def test_a_graph_without_an_input(save):
    path = save("g () => (float[2] y) { y = RandomNormal <shape = [2]> () }")
    notes = check_file(path, [soc.resolve("Ascend310P3").soc]).notes
    assert notes == ("the graph has no input: ATC stops at such a model (E16001)",)


def test_how_many_nodes_cann_may_still_refuse(save):
    report = report_of(save("g (float[2, 3] x, int64[1] i) => (float[n, 3] y) { a = Relu(x)  y = Gather(a, i) }"))
    assert (report.counts["aicore"], report.conditional) == (2, 1)


def test_another_cann_makes_it_a_forecast(save):
    path = save("g (float[2] x) => (float[2] y) { y = Relu(x) }")
    known = "bundled: CANN 8.1.RC1 op stores, ONNX mapping of 2026-08"
    assert report_of(path).source == report_of(path, Asked(cann=Cann("8.1"))).source == known
    assert report_of(path, Asked(cann=Cann("8.3.RC1"))).source == f"{known}; for CANN 8.3.RC1 a forecast"


def test_the_opsets_of_an_older_cann(save):
    path = save("g (float[2] x) => (float[2] y) { y = Relu(x) }", opset=14)
    assert report_of(path, Asked(cann=Cann("7.0"))).counts["aicore"] == 1
    older = report_of(path, Asked(cann=Cann("6.0.1")))
    assert (older.ok, older.counts["unknown"]) == (True, 1)


@pytest.mark.parametrize(
    ("asked", "notes"),
    [
        (
            Asked(),
            (
                "axis 0 (batch) of `x` is taken as 1; --batch N,… says otherwise",
                "axis 1 (words) of `x` is open; --size words=N settles it",
                "axis 2 (?) of `x` is open",
            ),
        ),
        (Asked(batch=(1, 8), sizes=(("words", 4),)), ("axis 2 (?) of `x` is open",)),
        (
            Asked(dynamic=True, sizes=(("words", 4),)),
            ("axis 0 (batch) of `x` is open; --size batch=N settles it", "axis 2 (?) of `x` is open"),
        ),
    ],
)
def test_what_is_assumed_of_open_axes_is_said(save, asked, notes):
    path = save("g (float[batch, words, ?] x) => (float[batch, words, ?] y) { y = Relu(x) }")
    assert check_file(path, [soc.resolve("Ascend310P3").soc], asked).notes == notes


def test_the_files_of_an_installed_cann_decide(save, tmp_path, monkeypatch):
    """Then ATC's own answer is to come, and no finding is an error."""
    folder = tmp_path / "opp/built-in/op_impl/ai_core/tbe/config/ascend310p"
    folder.mkdir(parents=True)
    types = {"input0": {"dtype": "float16"}, "output0": {"dtype": "float16"}}
    (folder / "aic-ascend310p-ops-info.json").write_text(json.dumps({"Relu": types}))
    monkeypatch.setenv("ASCEND_OPP_PATH", str(tmp_path / "opp"))
    path = save("g (float[2] x) => (float[2] y) { a = Relu(x)  y = Gelu(a) }")
    found = report_of(path)
    assert (found.ok, found.is_live, found.errors) == (True, True, 1)
    assert found.source == f"live: {tmp_path}/opp"
    elsewhere = report_of(path, name="Ascend310")
    assert not elsewhere.ok
    assert elsewhere.source.endswith(f"; {tmp_path}/opp has no operators of Ascend310")


def test_a_soc_of_which_nothing_is_known(save):
    path = save("g (float[2] x) => (float[2] y) { y = Relu(x) }")
    with pytest.raises(UsageError) as caught:
        report_of(path, name="Ascend610")
    assert caught.value.id == "ASC2321"


WORDY = """g (float[batch, 4] x, bool c) => (float[n, m] y) <float[1, 4] token = {1, 2, 3, 4}, int64[2] p = {2, 2}> {
    shape = Shape(x)  tokens = Expand(token, shape)  q = Add(x, tokens)  r = Reshape(q, p)  s = MatMul(r, r)
    i = ArgMax <axis = 1> (s)  f = Cast <to = 1> (i)
    y = If (c) <then_branch = t () => (float[2, 1] a) { a = Neg(f) },
                else_branch = e () => (float[2, 1] b) { b = Abs(f) }>
}"""


@given(st.lists(st.tuples(st.integers(0, 580), st.integers(0, 255)), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_model_with_wrong_bytes_is_refused_or_judged(save, changes):
    path = save(WORDY)
    content = bytearray(path.read_bytes())
    for at, byte in changes:
        content[at % len(content)] = byte
    path.write_bytes(content)
    try:
        json.dumps(checks.to_json(report_of(path))).encode()
    except UsageError as error:
        assert error.id in ("ASC2302", "ASC2304")  # noqa: PT017  # whatever the bytes, one of these


# -- remedies ------------------------------------------------------------------------------------------------------


def test_every_remedy_has_words():
    codes = [*fixes.WORDS, *(code for cls in LIBRARY for code in cls.CURES)]
    for code in codes:
        assert help_for(Remedy(code, "17"))
    assert help_for(None) is None
    assert help_for(Remedy("never-heard-of")) is None


def test_every_cure_is_of_a_remedy_that_the_judge_names():
    from ascendc.cann.operators import remedies

    source = Path(remedies.__file__).read_text()
    for cls in LIBRARY:
        for code in cls.CURES:
            assert f'Remedy("{code}")' in source, (cls, code)


# -- the contract --------------------------------------------------------------------------------------------------


def test_the_schema_that_ships_is_the_one_that_is_made():
    assert (FOLDER / "docs/check.schema.json").read_text(encoding="utf-8") == checks.schema_text()


def test_a_report_obeys_the_schema(towers):
    for report in check_file(towers("text", 18, dynamo=True), [soc.resolve(name).soc for name in FIVE]).reports:
        written = json.loads(json.dumps(checks.to_json(report)))
        jsonschema.validate(written, checks.schema())
        assert list(written) == ["version", "ok", "soc", "opset", "source", "counts", "conditional", "findings"]
        names = ["node", "op", "status", "tensor", "dtype", "reason", "module", "output", "fix"]
        assert list(written["findings"][0]) == names


def test_torch_is_not_needed(save):
    path = save("g (float[2] x) => (float[2] y) { y = Relu(x) }")
    program = (
        "import sys; from pathlib import Path; from ascendc.cann import soc; from ascendc.check import check_file;"
        f"check_file(Path({str(path)!r}), [soc.resolve('Ascend310').soc]); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], env=os.environ, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
