"""The keys that callback tokens are signed with, and verified by while they rotate."""

import sys

from shared.runtime.settings import Settings
from shared.runtime.trial_secrets import PREFIX, warn_of_trial_secrets
from shared.tokens import MIN_KEY_CHARACTERS


def signing_keys(settings: Settings) -> list[str]:
    """The keys that callback tokens are verified with, the signing one first.

    Ends the process without one, and with one that everybody knows where tokens say that this is no trial.
    """
    keys = [key.get_secret_value() for key in (settings.signing_key, *settings.previous_signing_keys)]
    if any(len(key) < MIN_KEY_CHARACTERS for key in keys):
        sys.exit(
            f"LEADSTREAM_SIGNING_KEY must have at least {MIN_KEY_CHARACTERS} characters: it signs the URLs that Clay "
            "answers to. Make one with `openssl rand -hex 32` and give it to dispatcher and callbacks alike."
        )
    warn_of_trial_secrets({"LEADSTREAM_SIGNING_KEY": keys[0]})
    if settings.api_tokens and any(key.startswith(PREFIX) for key in keys):
        sys.exit(
            "LEADSTREAM_SIGNING_KEY, or a previous one, is that of the trial, which everybody knows: whoever reaches "
            "callbacks could forge answers. Make one with `openssl rand -hex 32`; without LEADSTREAM_API_TOKENS it is "
            "taken all the same."
        )
    return keys
