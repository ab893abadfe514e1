"""Prompts: the shipped ones, and a site's that override them file by file."""

from __future__ import annotations

import json
from pathlib import Path

from jupyter_frevagpt._paths import shipped
from jupyter_frevagpt.conversation.transcript import to_messages
from jupyter_frevagpt.domain.variants import Assistant, Code, CodeOutput, User
from jupyter_frevagpt.prompts import PromptFolders


def test_the_shipped_prompts_are_whole() -> None:
    starting, examples, summary = PromptFolders([shipped("prompts")]).before("any-model")
    assert "live kernel" in starting
    assert len(summary) > 100
    codes = [json.loads(item.content)["code"] for item in examples if isinstance(item, Code)]
    assert codes
    for code in codes:
        compile(code, "example", "exec")
    calls = [item.id for item in examples if isinstance(item, Code)]
    assert calls == [item.id for item in examples if isinstance(item, CodeOutput)]
    assert isinstance(examples[0], User)
    assert isinstance(examples[-1], Assistant)
    assert {message["role"] for message in to_messages(examples, vision=False, limit=1000)} == {
        "user", "assistant", "tool",
    }  # fmt: skip


def test_a_sites_files_win_one_by_one_and_a_models_before_the_baseline(tmp_path: Path) -> None:
    site, ours = tmp_path / "site", tmp_path / "ours"
    for folder, name, text in (
        (ours, "baseline/starting_prompt.md", "our start"),
        (ours, "baseline/summary_prompt.md", "our summary"),
        (ours, "special/starting_prompt.md", "our special"),
        (site, "baseline/summary_prompt.md", "site summary"),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    prompts = PromptFolders([site, ours])
    assert prompts.before("m") == ("our start", [], "site summary")
    assert prompts.before("special")[0] == "our special"
    assert prompts.before("../special")[0] == "our start"
    (ours / "baseline/examples.jsonl").write_text('{"variant":"User","content":"q"}\nnonsense\n\n')
    assert prompts.before("m")[1] == [User("q")]
