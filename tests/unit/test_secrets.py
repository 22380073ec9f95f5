"""Secrets by name: a tenant's own and nobody else's, and nothing is said of those of others."""

from pathlib import Path

import pytest

from shared.ids import named_id
from shared.runtime.secrets import secret
from shared.runtime.settings import Settings

AGENCY, RIVAL, STUDIO = "agency", "rival", "../rival"
EACH_OF_THREE = {"token 1": AGENCY, "token 2": RIVAL, "token 3": AGENCY, "token 4": STUDIO}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for place in (AGENCY, named_id("tenant", RIVAL), named_id("tenant", STUDIO), "secrets"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "clay").write_text(f"of {place}\n")
    (tmp_path / "flat").write_text("of nobody")
    return tmp_path


def of(tenant: str, name: str, folder: Path | None, tokens: dict[str, str]) -> str:
    settings = Settings.model_validate({"secrets_folder": folder, "api_tokens": tokens, "tenant": AGENCY})
    return secret(name, named_id("tenant", tenant), settings)


@pytest.mark.parametrize("tenant", [AGENCY, RIVAL, STUDIO])
def test_each_tenant_has_its_own_by_its_name_or_its_id(folder: Path, tenant: str) -> None:
    place = AGENCY if tenant == AGENCY else named_id("tenant", tenant)
    assert of(tenant, "clay", folder, EACH_OF_THREE) == f"of {place}"


def test_what_is_no_tenant_s_is_only_for_one_that_is_the_only_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADSTREAM_SECRET_OF_THE_HOST", "by variable")
    for tokens in ({}, {"token 1": AGENCY, "token 2": AGENCY}):
        found = [of(AGENCY, name, folder, tokens) for name in ("clay", "flat", "of.the-host")]
        assert found == ["of agency", "of nobody", "by variable"]
        assert of(AGENCY, "of.the-host", None, tokens) == "by variable"
    for tenant, tokens in ((AGENCY, EACH_OF_THREE), (RIVAL, EACH_OF_THREE), (RIVAL, {}), (RIVAL, {"token 1": AGENCY})):
        for name in ("flat", "of.the-host"):
            with pytest.raises(LookupError):
                of(tenant, name, folder, tokens)


@pytest.mark.parametrize("name", ["../clay", "agency/clay", "..", ".", "", "clay\n", "x" * 101])
def test_a_name_leads_nowhere_else(folder: Path, name: str) -> None:
    for tokens in ({}, EACH_OF_THREE):
        with pytest.raises(LookupError, match="not the name of a secret"):
            of(AGENCY, name, folder, tokens)


def test_what_is_said_is_the_same_whether_another_tenant_has_it_or_not(folder: Path) -> None:
    (folder / AGENCY / "theirs").write_text("x")
    said = []
    for name in ("theirs", "nobodys"):
        with pytest.raises(LookupError) as missing:
            of(RIVAL, name, folder, EACH_OF_THREE)
        said.append(str(missing.value).replace(name, "NAME"))
    assert said[0] == said[1]
    assert AGENCY not in said[0].replace(str(folder), "")
