"""The dispatcher: has each scheduled step done, here or by a provider."""
