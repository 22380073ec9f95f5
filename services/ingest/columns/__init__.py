"""Which column is which field: a scored decision that says its reasons.

`mapping.map_headers` decides, from what candidates.py finds in the vocabulary and what evidence.py finds in the cells;
questions.py asks where that is not enough; proposals.py says which workstream a file belongs to.
"""
