"""From a provider's answer to columns of a lead. Pure; of any JSON, what cannot be read is left out."""
