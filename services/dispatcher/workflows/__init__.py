"""The SYNC workflows that ship: one module each, with `run(fields)`.

`run` is pure: from an item's fields to the fields it sets, `{}` when there is nothing to set. It takes any
values, never raises, and gives the same answer for an item that already has what it sets. A workflow that the
registry says reads answers finds them in `fields["answers"]`: workflow slug to the enrichment that came of it.
Others are found the same way, as installed entry points of the group `leadstream.workflows`.
"""
