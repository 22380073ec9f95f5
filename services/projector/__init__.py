"""Turns what was uploaded and what was answered into leads and work histories, the same way every time."""
