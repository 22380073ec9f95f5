"""The pages and contracts that follow from the code, written from it: `python -m docs.generate`.

Nothing in them depends on the machine or the day, so the same code always gives the same files.
"""
