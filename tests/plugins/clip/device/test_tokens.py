import json

import numpy as np
import pytest


def ids(clip, assets, texts):
    return clip.prepare("text", (), texts, (), assets)["input_ids"]


def test_ids_are_framed_and_padded(clip, assets, vocabulary):
    vocab, _ = vocabulary
    found = ids(clip, assets, ["a RED  square", ""])
    words = [vocab[token] for token in ("<|startoftext|>", "a</w>", "red</w>", "square</w>", "<|endoftext|>")]
    assert found.dtype == np.int32
    assert found.tolist() == [words + [9] * 7, [words[0], words[-1]] + [9] * 10]


def test_the_input_has_the_name_of_the_session(clip, assets):
    from ascendc_runtime import TensorSpec

    spec = (TensorSpec("text", "int32", (None, 12)),)
    assert list(clip.prepare("text", (), ["a"], (), assets, spec)) == ["text"]


def test_the_longest_text_fits(clip, assets):
    assert (ids(clip, assets, ["a " * 10]) != 9).all()


def test_a_text_that_is_too_long_is_refused(clip, assets):
    with pytest.raises(clip.InputError) as error:
        ids(clip, assets, ["a cat", "a " * 11])
    assert str(error.value) == (
        'text "a a a a a a a a a a a " has 13 tokens; at most 12 are allowed, start and end included'
    )


def test_a_long_text_is_cut_in_the_message(clip, assets):
    config = dict(json.loads((assets / "clip.json").read_text()), context_length=77)
    (assets / "clip.json").write_text(json.dumps(config))
    with pytest.raises(clip.InputError) as error:
        ids(clip, assets, ["собака " * 30])
    start = 'text "' + ("собака " * 9)[:59] + '…" has '
    assert str(error.value).startswith(start)
    assert str(error.value).endswith(" tokens; at most 77 are allowed, start and end included")


@pytest.mark.parametrize("text", [None, 5, b"a cat"])
def test_a_text_that_is_none_is_refused(text, clip, assets):
    with pytest.raises(clip.InputError) as error:
        ids(clip, assets, [text])
    assert str(error.value) == f"a text must be a string, not {text!r}"


def test_a_text_that_is_no_unicode_is_refused(clip, assets):
    with pytest.raises(clip.InputError) as error:
        ids(clip, assets, ["caf\udce9"])  # what Python makes of Latin-1 on a UTF-8 command line
    assert str(error.value) == "text 'caf\\udce9' must be Unicode: it holds a lone surrogate"


TEXTS = [
    "",
    " ",
    "a",
    "A Photo of a CAT's tail",
    "it's we'll I'd you're they've I'm don't DON'T",
    "  two  spaces\tand\na line\r\nor two\u00a0\u2003\u3000end ",
    "2024 1,234.5 ½ ² ٣",
    "!?…—«»“quotes”(){}[]<>|&^%$#@~`*_=+-/\\;:",
    "привет, МИР! Ёж",
    "你好，世界 日本語のテキスト 한국어",
    "e\u0301 é Å \u212b ﬁ ﬀ İ ı ß ẞ Σς Ǆ",
    "emoji 😀👩‍👩‍👧‍👦🏳️‍🌈 🇨🇳 ❤️",
    "مرحبا עולם नमस्ते",
    "zero\u200bwidth\u200d soft\u00adhyphen bom\ufeff nul\u0000 esc\u001b del\u007f",
    "<|startoftext|> a <|endoftext|> b <|ENDOFTEXT|> <|endoftext|>",
    "tail space ",
    "ａｌｐｈａ ﷺ Ⅷ",
    "\ud7ff\ue000\uffff\U0010ffff",
]


@pytest.fixture
def reference(vocabulary):
    """Transformers' own tokenizer over the same vocabulary."""
    transformers = pytest.importorskip("transformers", reason="transformers is not for this Python")
    vocab, merges = vocabulary
    return transformers.CLIPTokenizer(vocab=vocab, merges=merges)


@pytest.fixture
def own(reference, clip, tmp_path):
    """The device half over what the host's plugin writes of that tokenizer; padded as the checkpoint is."""
    reference.backend_tokenizer.save(str(tmp_path / "tokenizer.json"))
    frame = {"context_length": 77, "logit_scale": 1.0, "input_dtype": "int32"}
    ends = {"bos": reference.bos_token_id, "eos": reference.eos_token_id, "pad": reference.pad_token_id}
    (tmp_path / "clip.json").write_text(json.dumps(dict(frame, **ends)))
    return tmp_path


@pytest.mark.parametrize("text", TEXTS)
def test_ids_equal_the_tokenizer(text, clip, own, reference):
    theirs = reference([text], padding="max_length", max_length=77)["input_ids"]
    assert ids(clip, own, [text]).tolist() == theirs


def test_ids_equal_the_tokenizer_on_anything(clip, own, reference):
    hypothesis = pytest.importorskip("hypothesis", reason="hypothesis is not for this Python")
    text = hypothesis.strategies.text(max_size=12)

    @hypothesis.settings(max_examples=60, deadline=None, database=None, derandomize=True)
    @hypothesis.given(text)
    def check(text):
        theirs = reference([text], padding="max_length", max_length=77)["input_ids"]
        assert ids(clip, own, [text]).tolist() == theirs

    check()
