"""A stand-in for Clay: takes webhook POSTs and answers later, as Clay does, without spending credits."""
