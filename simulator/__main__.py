"""`python -m simulator`: the simulator with the settings of the environment."""

from simulator.app import main

main()
