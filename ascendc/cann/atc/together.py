"""What options say to each other: what a mode needs, what excludes what, what has no effect.

Source: ATC's main and the option checks of the graph engine (August 2026).
"""

from __future__ import annotations

from collections.abc import Collection

from ascendc.cann.atc.findings import Rule, doubtful, refused
from ascendc.cann.atc.grammar import Options
from ascendc.cann.atc.table import ADVICE, table

_FRAMEWORKS = {"0": "Caffe", "1": "MindSpore", "3": "TensorFlow"}

_SUFFIXES = {".pb": "3", ".prototxt": "0", ".air": "1", ".mindir": "1"}

_NO_MODEL = {
    ".pth": "of PyTorch", ".pt": "of PyTorch", ".ckpt": "a checkpoint", ".safetensors": "of weights only",
    ".caffemodel": "of Caffe's weights", ".h5": "of Keras", ".tflite": "of TensorFlow Lite",
}  # fmt: skip
"""What files are that ATC reads in no framework as ``--model``."""

_NOT_IN_OM2 = (
    "input_hint_shape", "om", "singleop", "check_report", "json", "virtual_type", "op_name_map", "quant_dumpable",
    "ac_parallel_enable", "tiling_schedule_optimize", "dump_mode", "display_model_info", "status_check",
    "save_original_model", "compress_weight_conf", "enable_compress_weight", "enable_attr_compression",
    "h2d_overlapped_with_compute", "cluster_config", "hccl_sub_comm_config", "input_shape_range",
    "static_model_ops_lower_limit",
)  # fmt: skip
"""What mode 7 refuses (E10001)."""

_MIXED = ("allow_mix_precision", "allow_mix_precision_fp16", "allow_mix_precision_bf16")
_MIXED_V2 = ("mixed_float16", "mixed_bfloat16", "mixed_hif8")


def mode(options: Options) -> str | None:
    """What the command makes: ``--mode``, 0 if it is not given; None if only the shell knows."""
    return options.value("mode") if options.has("mode") else "0"


def makes_om(options: Options) -> bool:
    """Whether a model is converted, so that the rules for its inputs and outputs apply."""
    return mode(options) in ("0", "3", "7", "30") and not options.has("singleop")


def rules(options: Options) -> Rule:
    """Everything that takes more than one option to be seen."""
    if "help" in options.given:
        return
    if options.has("singleop"):
        yield from _singleop(options)
    else:
        yield from _mode(options)
        if makes_om(options):
            yield from _framework(options)
    yield from clashes(options)
    yield from _precision(options)
    yield from _without_effect(options)


def clashes(options: Options, present: Collection[str] = ()) -> Rule:
    """Options that exclude each other, and options that lack another.

    Args:
        options: what is given.
        present: options that are set as well, by somebody else.
    """
    seen = set()
    for name in options.given:
        for other, code in table()[name].conflicts.items():
            pair = frozenset((name, other))
            if pair not in seen and options.is_set(name) and (options.is_set(other) or other in present):
                seen.add(pair)
                text = f"and --{other} exclude each other"
                yield refused(code, name, text, f"drop --{name} or --{other}")
        for other, code in table()[name].requires.items():
            if not options.is_set(name) or options.may_be(other) or other in present:
                continue
            text = f"must go together with --{other}"
            if code == ADVICE:
                yield doubtful(name, text, f"drop --{name}, which has no effect alone")
            else:
                yield refused(code, name, text, f"add --{other}=…, or drop --{name}")
    if options.is_set("deterministic") and options.value("deterministic_level") == "0":
        text = "must not be 0 while --deterministic is 1: both are 0 or none is"
        yield refused("E10001", "deterministic_level", text, "--deterministic_level=1")


def _missing(options: Options, name: str, code: str, why: str) -> Rule:
    if not options.may_be(name):
        example = {"framework": "5", "soc_version": "Ascend310P3"}.get(name, "…")
        yield refused(code, name, f"must be given{why}", f"--{name}={example}")


def _mode(options: Options) -> Rule:
    chosen = mode(options)
    why = f" in mode {chosen}" if chosen != "0" else ""
    if chosen in ("0", "3", "30"):
        yield from _missing(options, "framework", "E10007", f"{why}; 5 is ONNX")
    if chosen in ("0", "3", "7", "30"):
        yield from _missing(options, "soc_version", "E10054", why)
        yield from _missing(options, "model", "E10054", why)
    if chosen in ("0", "7", "30"):
        yield from _missing(options, "output", "E10054", why)
    if chosen in ("1", "5", "6"):
        yield from _missing(options, "om", "E10004", f"{why}; it is what is read")
    if chosen in ("1", "5"):
        yield from _missing(options, "json", "E10004", f"{why}; it is what is written")
    om = options.value("om")
    if chosen == "5" and om is not None and not om.endswith(".txt"):
        text = f"is `{om[-60:]}`; mode 5 reads a dumped graph whose name ends in .txt"
        yield refused("E10001", "om", text, "--mode=1  (for an OM or a model)")
    if chosen == "6" and options.value("framework"):
        yield refused("E10057", "framework", "must not be given in mode 6", "drop --framework")
    if chosen == "7":
        for name in _NOT_IN_OM2:
            if options.value(name):
                yield refused("E10001", name, "is not taken in mode 7", f"drop --{name}")
    if options.is_set("dump_mode") and chosen != "1":
        yield doubtful("dump_mode", "has an effect in mode 1 only", "drop --dump_mode")


def _singleop(options: Options) -> Rule:
    yield from _missing(options, "soc_version", "E10054", "")
    yield from _missing(options, "output", "E10054", "")
    for name in ("framework", "insert_op_conf", "mode", "display_model_info"):
        if options.is_set(name):
            yield refused("E10001", name, "must not be given together with --singleop", f"drop --{name}")


def _framework(options: Options) -> Rule:
    framework, model = options.value("framework"), options.value("model")
    if framework in _FRAMEWORKS:
        text = f"is {framework} ({_FRAMEWORKS[framework]}): what is particular to ONNX models was left out"
        yield doubtful("framework", text, "--framework=5  (for ONNX)")
    if framework == "0":
        yield from _missing(options, "weight", "E10008", " for a Caffe model")
    if framework == "5":
        for name in options.given:
            if not table()[name].onnx and options.has(name):
                yield doubtful(name, "does nothing for an ONNX model", f"drop --{name}")
    suffix = f".{model.rpartition('.')[2].lower()}" if model else ""
    if framework == "5" and suffix in _SUFFIXES:
        text = f"is 5 (ONNX), but the model's name ends in `{suffix}`"
        yield doubtful("framework", text, f"--framework={_SUFFIXES[suffix]}")
    elif framework == "5" and suffix in _NO_MODEL:
        text = f"ends in `{suffix}`, as a file {_NO_MODEL[suffix]} does; with --framework=5 ATC reads ONNX"
        yield doubtful("model", text, "export it to ONNX first, and name the .onnx file")
    elif framework in _FRAMEWORKS and suffix == ".onnx":
        yield doubtful("framework", f"is {framework}, but the model's name ends in `.onnx`", "--framework=5")


def _precision(options: Options) -> Rule:
    given = [name for name in ("precision_mode", "precision_mode_v2") if options.has(name)]
    chosen = [value for name in given if (value := options.value(name))]
    mixed = any(value in _MIXED + _MIXED_V2 for value in chosen)
    if options.value("modify_mixlist") and not mixed and len(chosen) == len(given) and not options.open:
        text = "needs a mixed precision mode"
        yield refused("E10001", "modify_mixlist", text, "--precision_mode=allow_mix_precision")
    for value in chosen:
        if value in ("must_keep_origin_dtype", "origin") and options.has("keep_dtype"):
            yield doubtful("keep_dtype", f"has no effect: `{value}` keeps every type", "drop --keep_dtype")


def _without_effect(options: Options) -> Rule:
    if options.has("keep_dtype") and options.has("customize_dtypes"):
        yield doubtful("keep_dtype", "gives way to --customize_dtypes where both name a node", "say it in one of them")
    if options.has("op_precision_mode") and options.has("op_select_implmode"):
        yield doubtful("op_select_implmode", "gives way to --op_precision_mode", "drop --op_select_implmode")
    if options.is_set("op_debug_level") and options.value("op_compiler_cache_mode") in ("enable", "force"):
        text = "has no effect: with --op_debug_level nothing is kept"
        yield doubtful("op_compiler_cache_mode", text, "--op_debug_level=0")
    if options.has("debug_dir") and not options.may_be("op_debug_level"):
        yield doubtful("debug_dir", "has no effect without --op_debug_level", "--op_debug_level=1")
    if options.value("input_format") == "ND" and options.has("insert_op_conf") and makes_om(options):
        text = "is ND; the documents ask for NCHW when AIPP is used"
        yield doubtful("input_format", text, "--input_format=NCHW")
    if options.has("dynamic_dims") and options.value("input_format") not in ("ND", None):
        text = f"is {options.value('input_format')}; the documents ask for ND with --dynamic_dims"
        yield doubtful("input_format", text, "--input_format=ND")
    if options.has("input_shape_range") and options.has("input_shape"):
        text = "is passed over: --input_shape_range wins"
        yield doubtful("input_shape", text, "say the ranges in --input_shape: name:1~8,3,224,224")
