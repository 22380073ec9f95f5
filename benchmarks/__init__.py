"""What the product costs: the standard workload on embedded servers, counted and timed."""
