"""Secrets by name, each tenant's own: a file in the tenant's folder of the secrets folder.

Configurations live in the log, which is never erased; so they name a secret and never hold one. The only tenant of an
installation may also have its own in the secrets folder itself, and in environment variables LEADSTREAM_SECRET_NAME.
"""

import os
import re
from typing import Final

from shared.ids import named_id
from shared.runtime.settings import Settings

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def secret(name: str, tenant_id: str, settings: Settings) -> str:
    """The tenant's secret of this name. Raises LookupError, saying where it was looked for."""
    if not _NAME.fullmatch(name):
        raise LookupError(f"{name[:40]!r} is not the name of a secret: letters, digits, '_', '.', '-'")
    tenants = {named_id("tenant", tenant): tenant for tenant in settings.api_tokens.values() or [settings.tenant]}
    home, is_only_one = tenants.get(tenant_id, ""), set(tenants) == {tenant_id}
    folders = [home, tenant_id] if _NAME.fullmatch(home) else [tenant_id]  # any other name may lead elsewhere
    if settings.secrets_folder is not None:
        for folder in [*folders, "."] if is_only_one else folders:
            if (file := settings.secrets_folder / folder / name).is_file():
                return file.read_text(encoding="utf-8").strip()
    variable = "LEADSTREAM_SECRET_" + re.sub(r"[^A-Z0-9]", "_", name.upper())
    if is_only_one and variable in os.environ:
        return os.environ[variable]
    place = settings.secrets_folder.absolute() if settings.secrets_folder else "LEADSTREAM_SECRETS_FOLDER"
    if is_only_one:
        raise LookupError(
            f"secret {name!r} is neither a file in {place}, nor in its folder {folders[0]}, nor {variable}"
        )
    unknown = "" if home else "; this service knows no tenant of that id: has it LEADSTREAM_API_TOKENS?"
    raise LookupError(f"secret {name!r} is no file in {place}, in the folder {folders[0]}{unknown}")
