"""Intake: how a file becomes rows, and rows become items."""
