"""Proof under fire: the whole product as real processes, under load, while everything that can break is broken.

    python -m chaos [--seed 7] [--minutes 5]

Every random choice follows from the seed, so a run can be repeated; what happens in which millisecond cannot. Claims
are checked against ledgers outside the product: what was acknowledged over HTTP, and what the provider saw.

`schedule` draws the faults; `faults`, `provider`, `streams`, `disks` and `doubles` carry them out on a `stack` whose
connections go through `links`; `load` uploads and launches meanwhile; `tally` and `invariants` check what is left;
`run` puts it together and `report` says how it went.
"""
