"""Two copies on one machine, started at the same moment, find ports of their own."""

import subprocess
import sys

from shared.runtime.ports import PORTS, free_ports

ASK = "from shared.runtime.ports import free_ports; input(); print(*free_ports(30)); input()"


def test_no_port_is_given_twice():
    found = [port for _ in range(100) for port in free_ports(2)]
    assert len(set(found)) == 200
    assert PORTS[0] <= min(found) <= max(found) < PORTS[1]


def test_processes_that_ask_at_once_get_different_ones():
    asking = [
        subprocess.Popen([sys.executable, "-c", ASK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in asking:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    found = [process.communicate("\n", timeout=30)[0].split() for process in asking]
    assert len({port for ports in found for port in ports}) == 4 * 30
