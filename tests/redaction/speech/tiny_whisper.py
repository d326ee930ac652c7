"""A Whisper model with random weights, as small as the library takes one, made without any download.

It has the shape of a real one (CTranslate2's format, a byte-level tokenizer with Whisper's special tokens, alignment
heads for the times of words), so everything is walked through but the sense of what it writes.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

_WIDTH, _HEADS, _MELS = 32, 2, 80
LANGUAGES = ("en", "es")


def make(folder: Path) -> Path:
    """The folder with the model in it."""
    folder.mkdir(parents=True)
    tokens = _tokenizer(folder)
    _model(folder, tokens)
    return folder


def _tokenizer(folder: Path) -> list[str]:
    """Two bytes in a word at most, and what Whisper's decoder is steered with; all tokens in order."""
    tokenizers: Any = import_module("tokenizers")
    letters = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(letters)}
    merges = [("Ġ", letter) for letter in "abcdefghijklmnopqrstuvwxyz"]
    vocabulary |= {"".join(pair): len(vocabulary) + number for number, pair in enumerate(merges)}
    made = tokenizers.Tokenizer(tokenizers.models.BPE(vocabulary, merges))
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    special = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{one}|>" for one in LANGUAGES), "<|translate|>"]
    special += ["<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
    special += [f"<|{second / 50:.2f}|>" for second in range(1501)]
    made.add_special_tokens(special)
    made.save(str(folder / "tokenizer.json"))
    return [made.id_to_token(number) for number in range(made.get_vocab_size())]


def _model(folder: Path, tokens: list[str]) -> None:
    specs: Any = import_module("ctranslate2.specs")
    spec = specs.WhisperSpec(1, _HEADS, 1, _HEADS)
    rng = np.random.default_rng(7)

    def fill(part: Any, count: int, width: int) -> None:
        part.weight = (rng.standard_normal((count, width)) * 0.2).astype(np.float32)
        part.bias = np.zeros(count, np.float32)

    def norm(part: Any) -> None:
        part.gamma, part.beta = np.ones(_WIDTH, np.float32), np.zeros(_WIDTH, np.float32)

    def attention(part: Any, *, own: bool) -> None:
        norm(part.layer_norm)
        for number, linear in enumerate(part.linear):
            last = number == len(part.linear) - 1
            fill(linear, _WIDTH if last else _WIDTH * 3 if own else _WIDTH * (1 + number), _WIDTH)

    def feed(part: Any) -> None:
        norm(part.layer_norm)
        fill(part.linear_0, 2 * _WIDTH, _WIDTH)
        fill(part.linear_1, _WIDTH, 2 * _WIDTH)

    for conv, width in ((spec.encoder.conv1, _MELS), (spec.encoder.conv2, _WIDTH)):
        conv.weight = (rng.standard_normal((_WIDTH, width, 3)) * 0.1).astype(np.float32)
        conv.bias = np.zeros(_WIDTH, np.float32)
    places = ((spec.encoder, 1500), (spec.decoder, 448))
    for part, count in places:
        part.position_encodings.encodings = (rng.standard_normal((count, _WIDTH)) * 0.1).astype(np.float32)
        norm(part.layer_norm)
        attention(part.layer[0].self_attention, own=True)
        feed(part.layer[0].ffn)
    attention(spec.decoder.layer[0].attention, own=False)
    spec.decoder.embeddings.weight = (rng.standard_normal((len(tokens), _WIDTH)) * 0.5).astype(np.float32)
    spec.decoder.scale_embeddings = False
    spec.decoder.projection.weight = spec.decoder.embeddings.weight
    spec.register_vocabulary(tokens)
    number = {token: place for place, token in enumerate(tokens)}
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [number["<|endoftext|>"]]
    spec.config.lang_ids = [number[f"<|{one}|>"] for one in LANGUAGES]
    spec.config.alignment_heads = [[0, 0], [0, 1]]
    spec.validate()
    spec.save(str(folder))
    assert json.loads((folder / "config.json").read_text())["alignment_heads"]
