"""The catalogue: any depth, any order, any nonsense in the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_frevagpt.domain.errors import CatalogueUnreadable, ModelFailed
from jupyter_frevagpt.domain.values import ModelInfo
from jupyter_frevagpt.models.catalogue import MAX_BYTES, Catalogue
from jupyter_frevagpt.models.prices import read_prices
from jupyter_frevagpt.models.secret import Secret
from jupyter_frevagpt.models.variables import Variables

NESTED = """
model_list:
  - model_name: first
    litellm_params: {model: openai/gpt-4o, api_key: sk-literal-canary}
  - group:
      deeper:
        - model_name: second
          litellm_params: {model: anthropic/claude-x, api_key: os.environ/ANTHROPIC_API_KEY}
          model_info: {supports_vision: true, supports_function_calling: false, note: "small, often wrong"}
  - model_name: first
    litellm_params: {model: openai/other}
  - model_name: embedder
    litellm_params: {model: openai/some-embedder}
    model_info: {mode: embedding}
litellm_settings:
  callbacks: my_module.handler
  guardrails: [{guardrail_name: x}]
other:
  model_name: 4
"""


def catalogue(tmp_path: Path, text: str | bytes) -> Catalogue:
    path = tmp_path / "litellm_config.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Catalogue(path)


async def infos(source: Catalogue) -> list[ModelInfo]:
    return [entry.info for entry in await source.entries() or []]


async def test_every_name_at_any_depth_in_order_once(tmp_path: Path) -> None:
    source = catalogue(tmp_path, NESTED)
    first, second, embedder, number = await infos(source)
    assert first == ModelInfo("first", vision=True)
    assert second == ModelInfo("second", note="small, often wrong", vision=True, tools=False)
    assert embedder == ModelInfo("embedder", chat=False, embeds=True)
    assert number == ModelInfo("4")
    entries = await source.entries()
    assert entries
    assert entries[0].params.reveal()["model"] == "openai/gpt-4o"


async def test_keys_are_not_shown(tmp_path: Path) -> None:
    entries = await catalogue(tmp_path, NESTED).entries()
    assert entries
    assert entries[0].params.reveal()["api_key"] == "sk-literal-canary"
    for shown in (repr(entries), str(entries[0].params), f"{entries[0].params}"):
        assert "canary" not in shown
    assert "x" not in repr(Secret("x"))
    assert Secret("x") == Secret("x")
    assert not Secret("")


async def test_litellms_table_tells_what_the_file_leaves_out(tmp_path: Path) -> None:
    text = """
- {model_name: sees, litellm_params: {model: anthropic/claude-sonnet-4-5}}
- {model_name: blind, litellm_params: {model: openai/gpt-4o}, model_info: {supports_vision: false}}
- {model_name: base, litellm_params: {model: azure/mine}, model_info: {base_model: gpt-4o}}
- {model_name: unknown, litellm_params: {model: hosted_vllm/mine}}
- {model_name: embeds, litellm_params: {model: openai/text-embedding-3-small}}
"""
    found = {info.name: (info.vision, info.chat) for info in await infos(catalogue(tmp_path, text))}
    assert found == {
        "sees": (True, True),
        "blind": (False, True),
        "base": (True, True),
        "unknown": (False, True),
        "embeds": (False, False),
    }


def test_table_is_read_without_importing_the_library() -> None:
    import subprocess
    import sys

    script = (
        "import sys; from jupyter_frevagpt.models.prices import read_prices; assert read_prices().providers;"
        " assert not {'litellm', 'mcp', 'openai', 'httpx', 'yaml'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert "anthropic" in read_prices().providers


async def test_change_is_seen_without_restart(tmp_path: Path) -> None:
    source = catalogue(tmp_path, "- model_name: old")
    assert await infos(source) == [ModelInfo("old")]
    (tmp_path / "litellm_config.yaml").write_text("- model_name: new")
    os.utime(tmp_path / "litellm_config.yaml", ns=(0, 12345))
    assert await infos(source) == [ModelInfo("new")]
    (tmp_path / "litellm_config.yaml").write_text("- [")
    with pytest.raises(CatalogueUnreadable):
        await source.entries()
    (tmp_path / "litellm_config.yaml").write_text("- model_name: again")
    assert await infos(source) == [ModelInfo("again")]


async def test_unchanged_file_is_read_once(tmp_path: Path) -> None:
    source = catalogue(tmp_path, "- model_name: old")
    assert await source.entries() is await source.entries()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "lists no model"),
        ("just a text", "lists no model"),
        ("model_list: []", "lists no model"),
        ("- model_name: {}", "lists no model"),
        ("- model_name: ''", "lists no model"),
        ("a: [1, 2", "not plain YAML"),
        ("a: b: c", r"\(line 1\)"),
        ("a: !!python/object/apply:os.system ['touch /tmp/canary']", "not plain YAML"),
        ("!!python/object/new:type {}", "not plain YAML"),
        (b"\xff\xfe\x00", "not plain YAML"),
        (b"\x00\x01binary", "not plain YAML"),
        ("a: *nowhere", "not plain YAML"),
        ("[" * 20_000, "not plain YAML"),
        ("a: 2001-99-99", "not plain YAML|lists no model"),
        ("x" * (MAX_BYTES + 1), "larger than 1 MB"),
    ],
)
async def test_bad_files_are_explained(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(CatalogueUnreadable, match=told) as caught:
        await catalogue(tmp_path, text).entries()
    assert "litellm_config.yaml" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_missing_or_unreadable(tmp_path: Path) -> None:
    with pytest.raises(CatalogueUnreadable, match=r"nowhere\.yaml is not there"):
        await Catalogue(tmp_path / "nowhere.yaml").entries()
    assert await Catalogue(tmp_path / "nowhere.yaml", required=False).entries() is None
    assert await Catalogue(None).entries() is None
    with pytest.raises(CatalogueUnreadable, match="cannot be read"):
        await Catalogue(tmp_path).entries()


async def test_aliases_that_explode_or_contain_themselves(tmp_path: Path) -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    assert await infos(catalogue(tmp_path, bomb + "m: {model_name: m}")) == [ModelInfo("m")]
    assert await infos(catalogue(tmp_path, "&a\nmodel_name: m\nagain: *a")) == [ModelInfo("m")]


def test_variables_are_resolved_from_an_allowed_list_only() -> None:
    environment = {
        "ANTHROPIC_API_KEY": "canary-1",
        "FREVAGPT_X": "canary-2",
        "JUPYTERHUB_API_TOKEN": "canary-3",
        "AWS_SECRET_ACCESS_KEY": "canary-4",
        "EMPTY_API_KEY": "",
    }
    variables = Variables(environment)
    params = {"api_key": "os.environ/ANTHROPIC_API_KEY", "deep": [{"x": "os.environ/FREVAGPT_X"}], "n": 1}
    assert variables.resolved(params) == {"api_key": "canary-1", "deep": [{"x": "canary-2"}], "n": 1}
    for name, told in (
        ("JUPYTERHUB_API_TOKEN", "may not read"),
        ("AWS_SECRET_ACCESS_KEY", "may not read"),
        ("anthropic_api_key", "may not read"),
        ("EMPTY_API_KEY", "is not set"),
        ("OTHER_API_KEY", "is not set"),
    ):
        with pytest.raises(ModelFailed, match=told) as caught:
            variables.resolved({"api_key": f"os.environ/{name}"})
        assert "canary" not in str(caught.value)
    assert "canary" not in repr(variables)
    assert Variables(environment, ["AWS_*"]).resolved("os.environ/AWS_SECRET_ACCESS_KEY") == "canary-4"


def test_a_providers_own_variable() -> None:
    variables = Variables({"MISTRAL_API_KEY": "m", "TOGETHERAI_API_KEY": "t"})
    assert variables.provider_key("mistral") == "m"
    assert variables.provider_key("together_ai") == "t"
    assert variables.provider_key("anthropic") == ""
    assert Variables({"MISTRAL_API_KEY": "m"}, ["FREVAGPT_*"]).provider_key("mistral") == ""
